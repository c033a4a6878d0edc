"""A wall clock that is days wrong for one process, and that jumps while it runs; its monotonic clock goes on.

libfaketime stands between the process and the C library, and reads the offset from a file again at every look.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_stack.packages import install

PACKAGE: Final = "libfaketime"
LIBRARY: Final = Path("/usr/lib") / f"{platform.machine()}-linux-gnu" / "faketime" / "libfaketimeMT.so.1"


@dataclass(frozen=True, slots=True)
class WrongClock:
    """The offset is in ``file``."""

    file: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process must be started with."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, seconds: int) -> None:
        """From now on the clock is so many seconds ahead of the right time; 0 is right."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.file)

    def shown(self) -> float:
        """By how many seconds a process with this environment is ahead; it is asked, so that no jump goes unseen."""
        asked = [sys.executable, "-c", "import time; print(time.time())"]
        told = subprocess.run(
            asked, env={**os.environ, **self.environment}, check=True, capture_output=True, text=True
        ).stdout
        return float(told) - time.time()


def wrong_clock(file: Path) -> WrongClock:
    """A clock that is right at first; installs the library where it is missing, as root. May raise PackagesMissing."""
    if not LIBRARY.exists():
        install([PACKAGE])
    clock = WrongClock(file)
    clock.jump(0)
    return clock
