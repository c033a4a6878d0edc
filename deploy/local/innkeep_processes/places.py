"""Where the stack keeps what it makes: all of it in one folder that git ignores."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Places:
    """The folder of one stack; its files hold passwords, so only its owner may look in."""

    folder: Path

    @property
    def data(self) -> Path:
        """What the servers keep."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """What the processes of Innkeep say; a server's log stands beside its data."""
        return self.folder / "log"

    @property
    def state(self) -> Path:
        """What runs, with addresses and passwords."""
        return self.folder / "stack.json"

    @property
    def lock(self) -> Path:
        """Held by whoever changes what runs."""
        return self.folder / "stack.lock"

    def log_of(self, process: str) -> Path:
        """Where that process writes."""
        return self.logs / f"{process}.log"

    def make(self) -> None:
        """Make the folders that are missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.data, self.logs):
            folder.mkdir(mode=0o711, exist_ok=True)


def places() -> Places:
    """Return the stack's folder: `.local` of this checkout, or what INNKEEP_STACK_DIRECTORY says."""
    chosen = os.environ.get("INNKEEP_STACK_DIRECTORY")
    return Places(Path(chosen).resolve() if chosen else ROOT / ".local")
