"""Keeps deploy/guarantees.md true: guarantees.py [JSON...] writes its table of figures; guarantees.py --check.

The JSON files are what `make chaos` wrote with --json; a later file replaces the figures of an earlier one. Figures
that no file holds stay empty. --check says what the text fails to name, or names in vain.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TEXT = ROOT / "deploy" / "guarantees.md"
FIRST, LAST = "<!-- figures -->\n", "<!-- end of figures -->\n"
HEADINGS = ("figure", "what", "target", "n", "result", "", "seed")
PROMISES = [f"P{number}" for number in range(1, 9)]

Row = tuple[str, ...]


def main(arguments: list[str]) -> int:
    """Carry out one command and return the exit code."""
    if arguments == ["--check"]:
        wrong = list(_wrong(TEXT.read_text()))
        print("\n".join(wrong) or "deploy/guarantees.md names everything, and nothing in vain")
        return 1 if wrong else 0
    results: dict[str, Row] = {}
    for file in arguments:
        results |= _measured(json.loads(Path(file).read_text()))
    before, _, rest = TEXT.read_text().partition(FIRST)
    TEXT.write_text(before + FIRST + _table(results) + LAST + rest.partition(LAST)[2])
    return 0


def _figures() -> dict[str, tuple[str, str]]:
    """What each figure is and must be, as the code that measures it says."""
    sys.path += [str(ROOT / "tests-integration"), str(ROOT / "deploy" / "local")]
    from chaos.catalog import FIGURES  # noqa: PLC0415  # its path is known only now

    return {figure.name: (figure.what, figure.target) for figure in sorted(FIGURES, key=lambda one: _order(one.name))}


def _measured(run: dict[str, Any]) -> dict[str, Row]:
    """The results of a run by name; what a figure says of its parts comes under names that begin with its own."""
    return {
        result["figure"]: (
            result["target"],
            f"{result['n']:,}".replace(",", " "),
            result["value"],
            "met" if result["met"] else "**missed**",
            str(run["seed"]),
        )
        for result in run["results"]
    }


def _table(results: dict[str, Row]) -> str:
    rows: list[Row] = []
    for name, (what, target) in _figures().items():
        parts = [part for part in results if part.split()[0] == name]
        rows += [(part, what, *results[part]) for part in parts] or [(name, what, target, "", "", "", "")]
    lines = [_line(HEADINGS), _line(("---",) * len(HEADINGS)), *map(_line, rows)]
    return "".join(f"{line}\n" for line in lines)


def _line(row: Row) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"


def _wrong(text: str) -> Iterator[str]:
    prose = re.sub(f"{FIRST}.*{LAST}", "", text, flags=re.DOTALL)
    table = text.partition(FIRST)[2].partition(LAST)[0]
    for name in _figures():
        if not re.search(rf"\b{name}\b", prose):
            yield f"no promise names the figure {name}: say what it proves"
        if not re.search(rf"^\| {name}\b", table, re.MULTILINE):
            yield f"the table has no {name}: run deploy/guarantees.py with the JSON of `make chaos`"
    for name in PROMISES:
        if f"## {name} " not in prose:
            yield f"{name} has no section"
    for file in sorted((ROOT / "tests-integration" / "checks").glob("v[0-9]*.py")):
        if not re.search(rf"\b{file.stem.split('_')[0].upper()}\b", prose):
            yield f"no promise names the check of {file.name}"
    for path in sorted(set(re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|sql|md))`", prose))):
        if not (ROOT / path).exists():
            yield f"there is no {path}"


def _order(name: str) -> tuple[str, int]:
    return name[0], int(name[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
