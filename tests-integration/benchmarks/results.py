"""RESULTS.md: what was measured, on what, and the command that repeats it."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import orjson

from benchmarks.figures import Figure, plain
from benchmarks.speed import ADDITIONS, TRIES

TOOLS: Final = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
PLOT: Final = Path(__file__).parent / "plot.py"


def write_results(
    path: Path,
    figures: Mapping[str, Sequence[Figure]],
    speeds: Mapping[str, Sequence[float]],
    *,
    quick: bool,
    seed: int,
) -> None:
    """Write the tables as Markdown, the figures as JSON beside it, and the plot by the benchmarks' own tools.

    ``speeds`` tells how fast the machine was before each benchmark. What other benchmarks found before is kept.
    """
    values = path.with_suffix(".json")
    kept = orjson.loads(values.read_bytes()) if values.exists() else {}
    now = datetime.now(UTC).date().isoformat()  # noqa: TID251  # the day of a measurement
    for name, of_name in figures.items():
        kept[name] = {
            "day": now,
            "quick": quick,
            "seed": seed,
            "loop_seconds": speeds[name],
            "figures": [_record(one) for one in of_name],
        }
    values.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
    path.write_text(_page(kept))
    subprocess.run([str(TOOLS), str(PLOT), str(values), str(path.with_suffix(".svg"))], check=True)


def _record(one: Figure) -> Mapping[str, object]:
    return asdict(one) | {"target": one.target, "verdict": one.verdict}


def _page(kept: Mapping[str, dict[str, object]]) -> str:
    head = (
        "# What was measured\n\n"
        f"On {os.cpu_count()} cores shared by the servers, Innkeep's processes and the load generator; "
        f"{platform.system()}, Python {platform.python_version()}. `make bench` measures all of it anew,\n"
        "`make bench ONLY=name` one table, `QUICK=1` with shorter rounds. Medians of interleaved rounds, and ranges.\n"
        "Ratios and processor time a command mean more than rates: this machine also does other things. So each table\n"
        f"says how long a loop of {ADDITIONS:,} additions took before it (median and range of {TRIES}).\n\n"
        "![rates, costs and latencies](RESULTS.svg)\n"
    )
    return head + "".join(_table(name, of_name) for name, of_name in kept.items())


def _table(name: str, of_name: dict[str, object]) -> str:
    figures = of_name["figures"]
    assert isinstance(figures, list)
    quick = ", quick" if of_name["quick"] else ""
    loop = of_name["loop_seconds"]
    assert isinstance(loop, list)
    speed = f"loop {median(loop):.2f} s ({min(loop):.2f} - {max(loop):.2f})"
    lines = [f"\n## {name}\n\n{of_name['day']}, seed {of_name['seed']}{quick}, {speed}\n"]
    lines += ["| figure | value | range | unit | target | |", "| --- | ---: | --- | --- | --- | --- |"]
    for one in figures:
        spread = f"{plain(one['low'])} - {plain(one['high'])}" if one["rounds"] > 1 else ""
        verdict = "" if one["verdict"] == "-" else one["verdict"]
        note = f" ({one['note']})" if one["note"] else ""
        target = "" if one["target"] == "-" else one["target"]
        lines.append(
            f"| {one['name']}{note} | {plain(one['value'])} | {spread} | {one['unit']} | {target} | {verdict} |"
        )
    return "\n".join(lines) + "\n"
