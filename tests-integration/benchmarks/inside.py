"""Where the servers themselves say that their time goes, while single commands take the whole path.

PostgreSQL by pg_stat_statements, without what a commit waits for its log; the broker by the work that each kind of its
processes has done.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.figures import Figure, figure
from benchmarks.named_sql import named_sql
from benchmarks.path import one_round, opened_hotels
from benchmarks.rounds import Told
from benchmarks.stand import Stand, stand
from local_stack import postgres, rabbitmq
from local_stack.server import Server

HOTELS: Final = 16
CONNECTIONS: Final = 64
SHOWN: Final = 9
SQL: Final = Path(__file__).parents[2] / "command-service" / "src" / "command_service" / "sql"
PRELOAD: Final = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'"
PLANNING_TOO: Final = "ALTER SYSTEM SET pg_stat_statements.track_planning = on"
SPENT: Final = """
SELECT query, sum(calls)::float8 AS calls, sum(total_exec_time + total_plan_time)::float8 AS milliseconds
FROM pg_stat_statements GROUP BY query
"""
# The work of Erlang's processes, in its own unit, by the module that each began in.
REDUCTIONS: Final = """
lists:foldl(fun(P, Sums) ->
  case erlang:process_info(P, [reductions, dictionary, initial_call]) of
    undefined -> Sums;
    [{reductions, R}, {dictionary, D}, {initial_call, {M, _, _}}] ->
      Kind = case lists:keyfind('$initial_call', 1, D) of {_, {Module, _, _}} -> Module; _ -> M end,
      maps:update_with(Kind, fun(S) -> S + R end, R, Sums)
  end
end, #{}, erlang:processes()).
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one round: calls a thousand commands and microseconds a command of each statement; work by kind of process."""

    calls: Mapping[str, float]
    microseconds: Mapping[str, float]
    work: Mapping[str, float]


async def inside(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """The dearest statements, and the kinds of process of the broker that do most of its work."""
    rounds, seconds = (1, 5.0) if quick else (3, 10.0)
    found: list[Spent] = []
    async with stand() as standing:
        await _watch(standing.servers["postgres"])
        await one_round(standing, await opened_hotels(standing, HOTELS), seed, seconds, connections=CONNECTIONS)
        for round_ in range(1, rounds + 1):
            tell(f"round {round_} of {rounds}")
            found.append(await _spent(standing, seed + round_, seconds))
    dearest = Counter(found[0].microseconds).most_common(SHOWN)
    busiest = Counter(found[0].work).most_common(SHOWN)
    return [
        *(figure(f"PostgreSQL, {name}", [one.microseconds.get(name, 0) for one in found], "us") for name, _ in dearest),
        *(figure(f"calls, {name}", [one.calls.get(name, 0) for one in found], "/thousand") for name, _ in dearest),
        *(figure(f"broker's work, {kind}", [_share(one.work, kind) for one in found], "%") for kind, _ in busiest),
    ]


async def _spent(standing: Stand, seed: int, seconds: float) -> Spent:
    hotels = await opened_hotels(standing, HOTELS)
    database, broker = standing.servers["postgres"], standing.servers["rabbitmq"]
    await _reset(database)
    before = _reductions(broker)
    done = await one_round(standing, hotels, seed, seconds, connections=CONNECTIONS)
    work = Counter(_reductions(broker))
    work.subtract(before)
    calls, microseconds = await _statements(database, done.sent.accepted)
    return Spent(calls, microseconds, work)


async def _watch(server: Server) -> None:
    """Start the server again with pg_stat_statements; Innkeep waits for it."""
    session = await asyncpg.connect(postgres.superuser_url(server))
    await session.execute(PRELOAD)
    await session.close()
    server.restart()
    session = await asyncpg.connect(postgres.superuser_url(server))
    await session.execute("CREATE EXTENSION pg_stat_statements")
    await session.execute(PLANNING_TOO)
    await session.execute("SELECT pg_reload_conf()")
    await session.close()


async def _reset(server: Server) -> None:
    session = await asyncpg.connect(postgres.superuser_url(server))
    await session.execute("SELECT pg_stat_statements_reset()")
    await session.close()


async def _statements(server: Server, commands: int) -> tuple[dict[str, float], dict[str, float]]:
    """Calls a thousand commands and microseconds a command, by the statement's name, else by how it begins."""
    session = await asyncpg.connect(postgres.superuser_url(server))
    rows = await session.fetch(SPENT)
    await session.close()
    names = {_plain(text): name for file in SQL.glob("*.sql") for name, text in named_sql(file).items()}
    calls: Counter[str] = Counter()
    microseconds: dict[str, float] = {}
    for row in rows:
        name = names.get(_plain(row["query"]), _plain(row["query"])[:40])
        calls[name] += row["calls"] * 1000 / commands
        microseconds[name] = microseconds.get(name, 0.0) + row["milliseconds"] * 1000 / commands
    return dict(calls), microseconds


def _plain(text: str) -> str:
    """The statement without comments, and with one sign for everything that may differ from call to call."""
    uncommented = re.sub(r"--[^\n]*", "", text)
    return " ".join(re.sub(r"'[^']*'|\$\d+|\b\d+\b", "?", uncommented).split()).rstrip("; ")


def _reductions(server: Server) -> dict[str, int]:
    said = rabbitmq.control(server, "eval", REDUCTIONS)
    return {kind: int(count) for kind, count in re.findall(r"(\w+) => (\d+)", said)}


def _share(work: Mapping[str, float], kind: str) -> float:
    return work.get(kind, 0) / sum(work.values()) * 100
