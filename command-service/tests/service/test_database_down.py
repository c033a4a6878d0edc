import asyncio

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from structlog.testing import capture_logs

from command_service.acceptance import Acceptance, BusyError
from command_service.database import DatabaseDownError, Pool, pool
from command_service.ledger import Ledger
from command_service.metrics import ApiMetrics
from command_service.readiness import api_readiness, relay_readiness
from command_service.settings import ACCEPT_REST_SECONDS
from faulty import Faulty, deciding, deliveries
from harness.waiting import until
from orders import BOOK, ordered
from recorded import outcomes_of
from relaying import accept, all_sent, relay_on, running
from running import command_api
from seaside import book
from shared_contracts.topology import commands_queue, partition_of
from shared_contracts.transport.access import Access
from shared_contracts.transport.amqp import waiting_in

NOBODY_LISTENS = "postgresql://innkeep@127.0.0.1:1/innkeep"
SERVERS_OWN = [
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConfigurationLimitExceededError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DatabaseDroppedError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.PostgresIOError,
    asyncpg.UndefinedFileError,
    asyncpg.ConfigFileError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.StatementCompletionUnknownError,
    asyncpg.TransactionResolutionUnknownError,
    asyncpg.LockNotAvailableError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InterfaceError,
    asyncpg.ConnectionDoesNotExistError,
]
COMMANDS_OWN = [
    asyncpg.UniqueViolationError,
    asyncpg.CheckViolationError,
    asyncpg.ExclusionViolationError,
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.UntranslatableCharacterError,
    asyncpg.QueryCanceledError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.DataCorruptedError,
]


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("kind", SERVERS_OWN, ids=lambda kind: kind.__name__)
async def test_what_the_server_says_of_itself_is_waited_for_and_never_parks_a_command(
    ledger: Ledger, seaside: str, database: Pool, kind: type[Exception]
) -> None:
    command = ordered(seaside, book(1, 2))
    await deciding(Faulty(ledger, outages=3, outage=kind("said by the server"))).handle(deliveries(command))
    assert await outcomes_of(database, [command]) == [("succeeded", None)]
    assert await database.fetchval("SELECT count(*) FROM attempt WHERE command_id = $1", command.id) == 0


@pytest.mark.parametrize("kind", COMMANDS_OWN, ids=lambda kind: kind.__name__)
def test_what_the_server_says_of_a_command_is_not_waited_for(kind: type[Exception]) -> None:
    assert not issubclass(kind, DatabaseDownError)


async def test_a_server_that_does_not_answer_is_asked_now_and_then_and_everybody_hears_503() -> None:
    stop = asyncio.Event()
    async with pool(SecretStr(NOBODY_LISTENS), "test", 1) as database:
        acceptance = Acceptance(database, ApiMetrics(CollectorRegistry()))
        running = asyncio.create_task(acceptance.run(stop))
        with capture_logs() as told:
            refused = await asyncio.gather(*(_refused(acceptance, number * 0.01) for number in range(100)))
        stop.set()
        await running
    assert all(refused)
    asked = [entry for entry in told if entry["event"] == "database_down"]
    assert sum(entry["requests"] for entry in asked) == 100
    assert len(asked) <= 1 + 1.0 / ACCEPT_REST_SECONDS


async def _refused(acceptance: Acceptance, after: float) -> bool:
    await asyncio.sleep(after)
    try:
        await acceptance.accept([ordered("seaside", book(1, 2))])
    except BusyError:
        return True
    return False


async def test_a_value_that_fits_no_column_is_no_outage(database: Pool) -> None:
    with pytest.raises(asyncpg.DataError) as raised:
        await database.fetchval("SELECT $1::integer", 2**40)
    assert not isinstance(raised.value, DatabaseDownError)


@pytest.fixture
def standby_url(postgres_url: str) -> str:
    """Sessions from here may not write, as on a standby, or after a failover."""
    return f"{postgres_url}?default_transaction_read_only=on"


async def test_on_a_read_only_server_the_api_answers_503_and_says_when_to_come_again(
    standby_url: str, database: Pool, seaside: str
) -> None:
    path = f"/v1/hotels/{seaside}/commands/book-room"
    async with pool(SecretStr(standby_url), "test-standby", 3) as reading, command_api(reading, Access(None)) as api:
        answer = await api.post(path, json=BOOK)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "read-only" in (await api_readiness(reading)()).missing["postgresql"]
    async with command_api(database, Access(None)) as api:
        again = await api.post(path, json=BOOK, headers={"Idempotency-Key": answer.json()["command_id"]})
        assert again.status_code == 202
        assert (await api_readiness(database)()).missing == {}


@pytest.mark.usefixtures("quick_retries")
async def test_on_a_read_only_server_the_worker_waits_and_parks_nothing(
    standby_url: str, ledger: Ledger, database: Pool, seaside: str
) -> None:
    command = ordered(seaside, book(1, 2))
    async with pool(SecretStr(standby_url), "test-standby", 2) as reading:
        on_standby = Faulty(Ledger(reading))
        working = asyncio.create_task(deciding(on_standby).handle(deliveries(command)))
        await until(lambda: len(on_standby.batches) > 5)
        assert not working.done()
        on_standby.ledger = ledger
        await working
    assert on_standby.batches == [1] * len(on_standby.batches)
    assert await outcomes_of(database, [command]) == [("succeeded", None)]
    assert await database.fetchval("SELECT count(*) FROM attempt WHERE command_id = $1", command.id) == 0


@pytest.mark.usefixtures("impatient", "nothing_waits")
async def test_on_a_read_only_server_no_relay_leads_and_nothing_is_sent(
    standby_url: str, postgres_url: str, broker: str, database: Pool, seaside: str
) -> None:
    await accept(database, seaside, 3)
    relay = relay_on(standby_url, broker)
    async with running(relay):
        await until(lambda: "read-only" in relay.trouble)
        assert not relay.leading
        assert "read-only" in (await relay_readiness(database, relay)()).missing["postgresql"]
        assert await waiting_in(broker, [queue := commands_queue(partition_of(seaside))]) == {queue: 0}
        relay.url = SecretStr(postgres_url)
        await until(lambda: all_sent(database))
        assert relay.leading
        assert relay.trouble == ""


CANCEL_WAITING = """
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'
"""


@pytest.mark.usefixtures("impatient", "nothing_waits")
async def test_a_statement_that_takes_too_long_does_not_end_the_relay(
    postgres_url: str, broker: str, database: Pool, seaside: str
) -> None:
    relay = relay_on(postgres_url, broker)
    async with running(relay):
        await until(lambda: relay.leading)
        async with database.acquire() as other, other.transaction():
            await other.execute("LOCK TABLE command_outbox IN ACCESS EXCLUSIVE MODE")

            async def cancelled() -> bool:
                return bool(await other.fetchval(CANCEL_WAITING, "innkeep-relay-commands"))

            await until(cancelled)
            await until(lambda: "QueryCanceled" in relay.trouble)
        await until(lambda: relay.leading)
        await accept(database, seaside, 2)
        await until(lambda: all_sent(database))


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        ("REVOKE INSERT ON event FROM CURRENT_USER", "GRANT INSERT ON event TO CURRENT_USER"),
        ("ALTER TABLE reservation RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO reservation"),
        ("ALTER TABLE outcome RENAME facts TO details", "ALTER TABLE outcome RENAME details TO facts"),
    ],
)
async def test_a_database_that_is_not_as_this_release_needs_it_parks_nothing(
    ledger: Ledger, database: Pool, seaside: str, break_it: str, mend_it: str
) -> None:
    """As when a worker of the next release starts before the migration, or a restore forgot the rights."""
    command = ordered(seaside, book(1, 2))
    unfit = Faulty(ledger)
    await database.execute(break_it)
    try:
        working = asyncio.create_task(deciding(unfit).handle(deliveries(command)))
        await until(lambda: len(unfit.batches) > 5)
        assert not working.done()
    finally:
        await database.execute(mend_it)
    await working
    assert await outcomes_of(database, [command]) == [("succeeded", None)]
    assert await database.fetchval("SELECT count(*) FROM attempt WHERE command_id = $1", command.id) == 0


async def test_readiness_says_what_to_do_about_a_database_without_tables(database: Pool) -> None:
    await database.execute("ALTER TABLE migration RENAME TO elsewhere")
    try:
        assert (await api_readiness(database)()).missing["postgresql"].startswith("run `command-service migrate`")
    finally:
        await database.execute("ALTER TABLE elsewhere RENAME TO migration")
