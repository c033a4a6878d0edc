"""What readers may see go back: only what a document store has lost that keeps its last moment in memory.

The embedded document store writes its file a tenth of a second after a change, so one that is killed comes back a
little older, and the projector mends it. What a reader saw before and after are compared apart. ``mongod`` keeps what
it has acknowledged, and gets no such grace.
"""

import shutil
from dataclasses import dataclass, field

from chaos.trial import Trial
from checks import v8_reader
from checks.evidence import Evidence
from checks.violation import Violation
from harness.history import History


@dataclass(slots=True)
class Looks:
    """The looks of a trial, apart for each life of the document store."""

    trial: Trial
    violations: list[Violation] = field(default_factory=list[Violation])

    def begin_again(self) -> None:
        """The document store has died: judge what was seen of it until now."""
        if shutil.which("mongod"):
            return
        history, tallies = self.trial.history, self.trial.world.tallies
        before = History(looks=list(history.looks))
        history.looks.clear()
        found = v8_reader.check(Evidence(before)) if before.looks else []
        tallies.looks += len(before.looks)
        tallies.went_back += [f"{self.trial.name}: {violation.text}" for violation in found]
        self.violations += found
