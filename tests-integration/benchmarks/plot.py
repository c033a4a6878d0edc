"""``plot.py RESULTS.json RESULTS.svg``: the whole path's rates, costs and latencies in one picture, by matplotlib."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt  # pyright: ignore[reportMissingImports]  # among the tools of the benchmarks
from matplotlib import rcParams  # pyright: ignore[reportMissingImports]


def main() -> None:
    """Draw what is there."""
    rcParams["svg.hashsalt"] = "innkeep"
    kept = json.loads(Path(sys.argv[1]).read_text())
    figures = {one["name"]: one for of_name in kept.values() for one in of_name["figures"]}
    shown, (rates, costs, latencies) = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    _bars(rates, figures, ("whole path, ", "flash sale on one hotel"), "commands a second")
    _costs(costs, figures)
    _latencies(latencies, figures)
    shown.savefig(sys.argv[2], metadata={"Date": None})


def _bars(axis: Any, figures: Mapping[str, Any], starts: tuple[str, ...], title: str) -> None:
    chosen = [one for name, one in figures.items() if name.startswith(starts) and one["unit"] == "commands/s"]
    names = [one["name"].removeprefix("whole path, ") for one in chosen]
    values = [one["value"] for one in chosen]
    spread = [
        [v - one["low"] for v, one in zip(values, chosen, strict=True)],
        [one["high"] - v for v, one in zip(values, chosen, strict=True)],
    ]
    axis.barh(names, values, xerr=spread if values else None, color="#33658a")
    axis.invert_yaxis()
    axis.set_title(title)


def _costs(axis: Any, figures: Mapping[str, Any]) -> None:
    ways = ("singles", "ordered bodies")
    parts = [name.split(", ", 2)[2] for name in figures if name.startswith("cpu a command, singles, ")]
    left = [0.0] * len(ways)
    for part in (part for part in parts if part != "all"):
        values = [figures.get(f"cpu a command, {way}, {part}", {"value": 0.0})["value"] for way in ways]
        axis.barh(ways, values, left=left, label=part)
        left = [before + value for before, value in zip(left, values, strict=True)]
    if parts:
        axis.legend(fontsize=7, ncols=2)
    axis.set_title("processor time a command, us")


def _latencies(axis: Any, figures: Mapping[str, Any]) -> None:
    shares = ("25%", "50%", "75%", "100%")
    for what in ("accept", "visible"):
        for percent in (50, 99):
            found = [figures.get(f"booked to {what} at {share} of the highest rate, p{percent}") for share in shares]
            points = [(share, one["value"]) for share, one in zip(shares, found, strict=True) if one]
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", label=f"{what} p{percent}")
    axis.set_yscale("log")
    axis.set_title("latency by share of the highest rate, ms")
    if axis.lines:
        axis.legend(fontsize=8)


if __name__ == "__main__":
    main()
