"""The one table at the end of a run, for people and for programs."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from chaos.figure import Result

HEADINGS = ("figure", "n", "result", "target", "", "seed")


def table(results: Sequence[Result], seed: int) -> str:
    """A line a figure, and below the table the notes of those that have one."""
    rows = [HEADINGS, *(_row(result, seed) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{result.figure}: {result.note}" for result in results if result.note]
    return "\n".join(["", *lines, "", *notes])


def as_json(results: Sequence[Result], seed: int) -> bytes:
    """The same as JSON."""
    return orjson.dumps({"seed": seed, "results": [asdict(result) for result in results]}, option=orjson.OPT_INDENT_2)


def repeat(figure: str, seed: int, n: int, *, quick: bool) -> str:
    """The command that measures a missed figure once more, with the same choices."""
    return f"again: make chaos SEED={seed} ONLY={figure}{' QUICK=1' if quick else ''}{f' N={n}' if n else ''}"


def _row(result: Result, seed: int) -> tuple[str, ...]:
    met = "met" if result.met else "MISSED"
    return result.figure, str(result.n), result.value, result.target, met, str(seed)
