from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
import pytest

from command_service.database import Pool
from command_service.ledger import Ledger
from damages import BEYOND_REPAIR, REPAIRABLE
from orders import OPEN, ordered
from processes import Ended, command_service

Run = Callable[..., Awaitable[Ended]]


def report_of(ended: Ended) -> dict[str, Any]:
    [line] = ended.out.splitlines()
    report: dict[str, Any] = orjson.loads(line)
    return report


@pytest.fixture
def reconcile(postgres_url: str, broker: str) -> Run:
    async def run(*arguments: str) -> Ended:
        return await command_service(postgres_url, broker, "reconcile", *arguments)

    return run


async def test_an_operator_compares_tries_repairs_and_compares_again(
    reconcile: Run,
    database: Pool,
    busy: str,
) -> None:
    right = await reconcile(busy)
    assert right.code == 0, right.err
    first = report_of(right)
    assert (first["hotel_id"], first["drift"], first["fault"]) == (busy, 0, None)
    await database.execute("DELETE FROM inventory WHERE hotel_id = $1 AND night = '2026-12-05'", busy)
    wrong = await reconcile(busy)
    assert wrong.code == 1
    found = report_of(wrong)
    assert found["differences"] == [
        {"table": "inventory", "key": f"{busy}/DBL/2026-12-05", "kind": "missing", "repaired": False}
    ]
    assert found["digest"] != first["digest"]
    tried = await reconcile(busy, "--repair", "--operator", "eve", "--dry-run")
    assert tried.code == 1
    assert report_of(await reconcile(busy))["drift"] == 1
    repaired = await reconcile(busy, "--repair", "--operator", "eve")
    assert repaired.code == 0, repaired.err
    assert report_of(repaired)["repaired"] == 1
    audit = [orjson.loads(line) for line in repaired.err.splitlines() if '"tables_repaired"' in line]
    assert [(line["operator"], line["hotel"], line["rows"]) for line in audit] == [("eve", busy, 1)]
    again = report_of(await reconcile(busy))
    assert (again["drift"], again["digest"]) == (0, first["digest"])


async def test_a_refused_repair_says_why_and_leaves_the_difference(
    reconcile: Run,
    database: Pool,
    busy: str,
) -> None:
    await database.execute(BEYOND_REPAIR[0].sql, busy)
    refused = await reconcile(busy, "--repair", "--operator", "eve")
    assert refused.code == 1
    assert "restored first" in refused.err
    assert report_of(refused)["fault"] is not None


async def test_all_hotels_are_compared_where_none_is_named(
    reconcile: Run, database: Pool, ledger: Ledger, busy: str
) -> None:
    other = f"hotel-{uuid4().hex[:12]}"
    await database.execute("INSERT INTO hotel (hotel_id) VALUES ($1)", other)
    await ledger.decide([ordered(other, OPEN)])
    for table in ("hotel", "event", "reservation", "inventory", "room_span", "outcome", "command"):
        await database.execute(f"DELETE FROM {table} WHERE hotel_id NOT IN ($1, $2)", busy, other)  # noqa: S608
    await database.execute(REPAIRABLE[1].sql, busy)
    unheard = uuid4()
    await database.execute(
        "INSERT INTO outcome (command_id, hotel_id, status, position, code) VALUES ($1, 'nowhere', 'rejected', 0, 'x')",
        unheard,
    )
    ended = await reconcile()
    assert ended.code == 1
    found = {report["hotel_id"]: report["differences"] for report in map(orjson.loads, ended.out.splitlines())}
    named = {hotel: [(d["table"], d["kind"]) for d in differences] for hotel, differences in found.items()}
    assert named == {
        busy: [("hotel", "different")],
        other: [("command", "missing")],  # its opening was decided, and never accepted
        "nowhere": [("command", "missing")],
    }
    await database.execute("DELETE FROM outcome WHERE command_id = $1", unheard)
