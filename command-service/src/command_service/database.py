"""How the processes connect to PostgreSQL, and which of its errors mean: try again later."""

from typing import Final, TypeAlias

import asyncpg
from pydantic import SecretStr

from command_service.settings import (
    IDLE_TRANSACTION_SECONDS,
    KEEPALIVE_COUNT,
    KEEPALIVE_SECONDS,
    LOCK_SECONDS,
    STATEMENT_SECONDS,
)

UnfitDatabaseError: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)
"""The database has not the schema of this release, or does not let us use it."""

DatabaseDownError: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says when a connection dies between two of its own steps
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DatabaseDroppedError,
    asyncpg.InvalidCatalogNameError,  # the database is dropped and not restored yet
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientResourcesError,  # disk, memory, connections, or a limit of its configuration
    asyncpg.PostgresSystemError,  # it cannot read or write its files
    asyncpg.ConfigFileError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    OSError,
    TimeoutError,
    *UnfitDatabaseError,
)
"""The server is down, going down, full, read-only, not set up for us, or made us wait too long for others.

It says nothing about the command. What is wrong with single rows (``DataCorruptedError``, a tripwire that fires) is not
among them: it harms the hotel that it is about, and no other.
"""


# Quoted, because asyncpg's classes are generic for type checkers only.
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connection: TypeAlias = "Session | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

# Longer than the server's own limits, so that it is the server that ends a statement for as long as it can.
COMMAND_SECONDS: Final = STATEMENT_SECONDS + LOCK_SECONDS

_SETTINGS: Final = {
    "jit": "off",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s",
    # The server finds out by itself that a client's machine is gone, and gives up the locks that it held.
    "tcp_keepalives_idle": f"{KEEPALIVE_SECONDS}",
    "tcp_keepalives_interval": f"{KEEPALIVE_SECONDS}",
    "tcp_keepalives_count": f"{KEEPALIVE_COUNT}",
    "tcp_user_timeout": f"{KEEPALIVE_SECONDS * KEEPALIVE_COUNT}s",
    # Every join of ours looks up a few rows by key; a plan made while the tables were empty must not say otherwise.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
}


async def connect(url: SecretStr, name: str, silence: int | None = None) -> Session:
    """One connection for whoever needs a session of its own; every statement ends or raises within a time.

    The server ends it when it has heard nothing for ``silence`` seconds: a process that is stopped, but not dead, still
    answers the keep-alives of TCP.
    """
    settings = _SETTINGS | {"application_name": name}
    if silence is not None:
        settings["idle_session_timeout"] = f"{silence}s"
    return await asyncpg.connect(
        url.get_secret_value(), server_settings=settings, timeout=STATEMENT_SECONDS, command_timeout=COMMAND_SECONDS
    )


def pool(url: SecretStr, name: str, size: int) -> Pool:
    """A pool that connects when it is first used, so that a process starts while the server is down."""
    return asyncpg.create_pool(
        url.get_secret_value(),
        min_size=0,
        max_size=size,
        timeout=STATEMENT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        server_settings=_SETTINGS | {"application_name": name},
        reset=_as_it_is,
    )


async def _as_it_is(_: Session) -> None:
    """Take a connection back without asking the server: ours leave nothing in a session but what its settings say.

    What is open of a transaction the driver rolls back before.
    """
