"""The folder of one release: what its code wrote, byte by byte, and what is made of it.

``commands.jsonl``, ``events.jsonl`` and ``streams/<hotel>.jsonl`` hold messages as they were on the wire, a line each;
``shapes.json`` says what they are made of. None of them ever changes, which ``SHA256SUMS`` proves. ``expected`` is what
the streams fold to: rows of the write side, and documents. It changes only when somebody approves that.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from versions.shapes import Shapes

ROOT: Final = Path(__file__).parents[2] / "shared-contracts" / "tests" / "versions"
SUMS: Final = "SHA256SUMS"
JSON: Final = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Version:
    """A release and its folder."""

    name: str
    path: Path

    @property
    def commands(self) -> list[bytes]:
        """A command of every type, in every variant."""
        return _lines(self.path / "commands.jsonl")

    @property
    def events(self) -> list[bytes]:
        """An event of every type, in every variant."""
        return _lines(self.path / "events.jsonl")

    @property
    def streams(self) -> dict[str, list[bytes]]:
        """The events of some hotels from the first one on."""
        return {file.stem: _lines(file) for file in sorted((self.path / "streams").iterdir())}

    @property
    def shapes(self) -> Shapes:
        """As they were."""
        shapes: Shapes = orjson.loads((self.path / "shapes.json").read_bytes())
        return shapes

    def expected(self, what: str) -> list[bytes]:
        """What the streams fold to: ``rows`` or ``documents``, a line each, in order."""
        return _lines(self.path / "expected" / f"{what}.jsonl")

    def approve(self, what: str, lines: Iterable[bytes]) -> None:
        """Let this be what is expected from now on."""
        _write_lines(self.path / "expected" / f"{what}.jsonl", lines)

    def altered(self) -> list[str]:
        """The files that are not as they were frozen, that are gone, or that were put beside them."""
        written = (self.path / SUMS).read_text().splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in written)}
        found = dict(self._sums())
        return sorted(name for name in {*sums, *found} if sums.get(name) != found.get(name))

    def seal(self) -> None:
        """Write down what the files are."""
        (self.path / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in self._sums()))

    def _sums(self) -> Iterable[tuple[str, str]]:
        for file in sorted(self.path.rglob("*.json*")):
            name = file.relative_to(self.path).as_posix()
            if not name.startswith("expected/"):
                yield name, hashlib.sha256(file.read_bytes()).hexdigest()


def versions(root: Path = ROOT) -> list[Version]:
    """All that were released, oldest first."""
    found = [Version(path.name, path) for path in root.iterdir() if path.is_dir()]
    return sorted(found, key=lambda version: tuple(map(int, version.name.split("."))))


def write(
    path: Path, commands: Sequence[bytes], events: Sequence[bytes], streams: dict[str, list[bytes]], shapes: Any
) -> Version:
    """Make the folder of a release; ``FileExistsError`` where there is one."""
    path.mkdir(parents=True)
    _write_lines(path / "commands.jsonl", commands)
    _write_lines(path / "events.jsonl", events)
    for hotel, messages in streams.items():
        _write_lines(path / "streams" / f"{hotel}.jsonl", messages)
    (path / "shapes.json").write_bytes(orjson.dumps(shapes, option=JSON | orjson.OPT_INDENT_2))
    version = Version(path.name, path)
    version.seal()
    return version


def canonical(value: Any) -> bytes:
    """The one spelling of a value: JSON with sorted keys, dates and ids as text."""
    return orjson.dumps(value, option=JSON, default=str)


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def _write_lines(file: Path, lines: Iterable[bytes]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"".join(line + b"\n" for line in lines))
