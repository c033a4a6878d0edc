import asyncio
from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import pytest
import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.database import Connection, Pool
from command_service.metrics import RelayMetrics
from command_service.readiness import relay_readiness
from command_service.reconciling import SQL
from command_service.relay import Relay
from command_service.repairing import Repairing
from command_service.rounds import Rounds
from damages import REPAIRABLE
from harness.gate import gate_to
from harness.waiting import until
from relaying import accept, all_sent, ends_sessions, relay_on, running

pytestmark = pytest.mark.usefixtures("impatient")


class Round:
    """Rounds with what they count."""

    def __init__(self, url: str, round_seconds: float = 0.05) -> None:
        self.registry = CollectorRegistry()
        self.rounds = Rounds(SecretStr(url), RelayMetrics(self.registry), round_seconds, rests=0)

    def metric(self, name: str) -> float:
        value = self.registry.get_sample_value(name)
        assert value is not None
        return value


@pytest.fixture
async def only_busy(database: Pool, busy: str) -> AsyncIterator[str]:
    """The one hotel that is known; what other tests left is gone."""
    for table in ("hotel", "event", "reservation", "inventory", "room_span", "outcome", "command"):
        await database.execute(f"DELETE FROM {table} WHERE hotel_id <> $1", busy)  # noqa: S608
    await database.execute("TRUNCATE command_outbox, event_outbox")
    yield busy
    await database.execute("DELETE FROM hotel WHERE hotel_id = $1", busy)


async def test_a_round_counts_and_names_what_differs_and_forgets_it_once_it_is_right(
    postgres_url: str, session: Connection, only_busy: str
) -> None:
    round_ = Round(postgres_url)
    await round_.rounds.once()
    assert round_.metric("innkeep_drift_rows") == 0
    assert round_.metric("innkeep_compared_hotels_total") == 1
    assert round_.rounds.behind() == {}
    first = round_.metric("innkeep_last_round_timestamp_seconds")
    assert first > 1e9
    await session.execute("DELETE FROM inventory WHERE hotel_id = $1 AND night < '2026-12-04'", only_busy)
    gone = 31 - await session.fetchval("SELECT count(*) FROM inventory WHERE hotel_id = $1", only_busy)
    with structlog.testing.capture_logs() as lines:
        await round_.rounds.once()
    assert round_.metric("innkeep_drift_rows") == gone > 0
    [line] = [line for line in lines if line["event"] == "tables_differ"]
    assert (line["hotel"], line["drift"], line["kinds"]) == (only_busy, gone, {"inventory: missing": gone})
    assert f"inventory {only_busy}/DBL/2026-12-01: missing" in line["rows"]
    assert only_busy in round_.rounds.behind()["drift"]
    await Repairing(session).hotel(only_busy, "eve", dry_run=False)
    await round_.rounds.once()
    assert round_.metric("innkeep_drift_rows") == 0
    assert round_.rounds.behind() == {}
    assert round_.metric("innkeep_last_round_timestamp_seconds") > first


async def test_the_drift_of_a_hotel_that_is_gone_is_forgotten(
    postgres_url: str, session: Connection, only_busy: str
) -> None:
    round_ = Round(postgres_url)
    await session.execute(REPAIRABLE[1].sql, only_busy)
    await round_.rounds.once()
    assert round_.metric("innkeep_drift_rows") == 1
    await session.execute("DELETE FROM hotel WHERE hotel_id = $1", only_busy)
    for table in ("event", "reservation", "inventory", "room_span", "outcome", "command"):
        await session.execute(f"DELETE FROM {table} WHERE hotel_id = $1", only_busy)  # noqa: S608
    await round_.rounds.once()
    assert round_.metric("innkeep_drift_rows") == 0
    assert round_.rounds.behind() == {}


async def test_a_round_tells_of_commands_that_are_not_accounted_for(
    postgres_url: str, session: Connection, only_busy: str
) -> None:
    round_ = Round(postgres_url)
    await session.execute(
        "INSERT INTO outcome (command_id, hotel_id, status, position, code) VALUES ($1, 'nowhere', 'rejected', 0, 'x')",
        uuid4(),
    )
    await session.execute(
        "DELETE FROM outcome WHERE command_id = (SELECT command_id FROM event WHERE hotel_id = $1 AND position = 3)",
        only_busy,
    )
    await round_.rounds.once()
    assert set(round_.rounds.drift) == {"nowhere", only_busy}


async def test_events_that_cannot_be_folded_are_told_and_keep_no_other_hotel_from_being_looked_at(
    postgres_url: str, session: Connection, only_busy: str
) -> None:
    await session.execute("UPDATE event SET message = '{}' WHERE hotel_id = $1 AND position = 2", only_busy)
    await session.execute("INSERT INTO inventory VALUES ('zzz', 'DBL', '2026-12-05', 0, 0, 2)")
    round_ = Round(postgres_url)
    await round_.rounds.once()
    assert round_.rounds.drift == {only_busy: 1, "zzz": 1}
    assert only_busy in round_.rounds.behind()["rounds"]
    await session.execute("DELETE FROM inventory WHERE hotel_id = 'zzz'")


async def test_the_leader_goes_round_and_its_readiness_tells_the_drift(
    postgres_url: str, broker: str, database: Pool, only_busy: str
) -> None:
    round_ = Round(postgres_url)
    relay = relay_on(postgres_url, broker)
    relay.asides = (round_.rounds,)
    ready = relay_readiness(database, relay)
    async with running(relay):
        await until(lambda: round_.metric("innkeep_compared_hotels_total") > 1)
        assert "drift" not in (await ready()).behind
        await database.execute(REPAIRABLE[1].sql, only_busy)
        await until(lambda: bool(round_.rounds.drift))
        found = await ready()
        assert only_busy in found.behind["drift"]
        assert found.missing == {}
    assert round_.metric("innkeep_drift_rows") == 0
    assert round_.rounds.behind() == {}


class Faulty:
    """An aside that fails each time."""

    def __init__(self, fault: BaseException) -> None:
        self.fault, self.runs, self.forgotten = fault, 0, 0

    async def run(self) -> None:
        self.runs += 1
        raise self.fault

    def forget(self) -> None:
        self.forgotten += 1

    def behind(self) -> Mapping[str, str]:
        return {}


@pytest.mark.parametrize("fault", [ZeroDivisionError("a bug"), ConnectionRefusedError()])
async def test_a_fault_of_an_aside_is_no_fault_of_the_leader(
    postgres_url: str, broker: str, database: Pool, seaside: str, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.relay.ASIDE_RETRY_SECONDS", 0.1)
    faulty = Faulty(fault)
    relay = relay_on(postgres_url, broker)
    relay.asides = (faulty,)
    async with running(relay):
        await until(lambda: faulty.runs > 3)
        await accept(database, seaside, 5)
        await until(lambda: all_sent(database))
        assert relay.leading
        assert faulty.forgotten == 0
    assert faulty.forgotten == 1


async def _leads_again(relay: Relay, database: Pool) -> None:
    async with asyncio.timeout(9):  # a part that does not end is given up after 10 s
        await ends_sessions(database, "innkeep-relay-commands")
        await until(lambda: not relay.leading)
        await until(lambda: relay.leading)


async def test_a_round_that_is_stuck_keeps_the_relay_neither_from_stopping_nor_from_leading_again(
    postgres_url: str, broker: str, database: Pool, only_busy: str
) -> None:
    async with gate_to(postgres_url) as gate:
        round_ = Round(gate.url, round_seconds=0)
        relay = relay_on(postgres_url, broker)
        relay.asides = (round_.rounds,)
        async with running(relay):
            await until(lambda: round_.metric("innkeep_compared_hotels_total") > 1)
            gate.freeze()
            await _leads_again(relay, database)
            begun = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - begun < 9


async def test_a_hotel_that_takes_too_long_is_told_and_the_others_are_looked_at(
    postgres_url: str, session: Connection, only_busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.execute("INSERT INTO inventory VALUES ('zzz', 'DBL', '2026-12-05', 0, 0, 2)")
    round_ = Round(postgres_url)
    with monkeypatch.context() as slow:
        slow.setattr("command_service.rounds.ROUND_STATEMENT_SECONDS", 3)
        asleep = f" AND pg_sleep(CASE hotel_id WHEN '{only_busy}' THEN 4 ELSE 0 END) IS NOT NULL"
        slow.setitem(SQL, "room_span", SQL["room_span"].replace(";", asleep))
        await round_.rounds.once()
    assert only_busy in round_.rounds.behind()["rounds"]
    assert round_.rounds.drift == {"zzz": 1}
    assert round_.metric("innkeep_last_round_timestamp_seconds") == 0
    await session.execute("DELETE FROM inventory WHERE hotel_id = 'zzz'")
    await round_.rounds.once()
    assert round_.rounds.behind() == {}
    assert round_.metric("innkeep_last_round_timestamp_seconds") > 0
