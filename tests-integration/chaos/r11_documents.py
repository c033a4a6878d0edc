"""R11: after everything that broke, the documents of every hotel, and the tables, are what the events say."""

import asyncio
import random
from typing import Any, Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from checks.gathering import run_lines
from harness.world import World, script


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:  # noqa: ARG001  # nothing is chosen
    """Reconcile every hotel that there is, on both sides; ``n`` in the result is how many documents were compared."""
    reports = await run_lines(world, "query-service", "reconcile")
    documents, wrong = _sum(reports)
    results = [_result(FIGURE.name, documents, wrong, f"{len(reports)} hotels")]
    if await _can("command-service"):
        reports = await run_lines(world, "command-service", "reconcile")
        rows, wrong = _sum(reports)
        results.append(_result(f"{FIGURE.name} tables", rows, wrong, f"{len(reports)} hotels"))
    return results


def _sum(reports: list[dict[str, Any]]) -> tuple[int, list[str]]:
    compared = sum(report.get("documents", report.get("rows", 0)) for report in reports)
    wrong = [str(report) for report in reports if report["drift"] or report["fault"]]
    return compared, wrong


def _result(name: str, compared: int, wrong: list[str], note: str) -> Result:
    notes = "; ".join([note, *wrong[:SHOWN]])
    return Result(name, compared, f"{len(wrong)} hotels differ", FIGURE.target, not wrong and compared > 0, notes)


async def _can(name: str) -> bool:
    """Whether the service has this command line already."""
    process = await asyncio.create_subprocess_exec(
        script(name), "reconcile", "--help", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait() == 0


FIGURE: Final = Figure("R11", "hotels whose documents differ from the fold", "0 hotels differ", 1, 1, measure, ("R1",))
