"""The command line of the service, run for real."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECONDS: Final = 60


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


async def command_service(postgres_url: str, rabbitmq_url: str, *arguments: str, **environment: str) -> Ended:
    """Run the console script to its end."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "command-service"),
        *arguments,
        env={**os.environ, "INNKEEP_POSTGRES_URL": postgres_url, "INNKEEP_RABBITMQ_URL": rabbitmq_url, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
