"""All checks, in their order."""

from checks import (
    v1_acknowledged,
    v2_invoked,
    v3_one_decision,
    v4_capacity,
    v5_gapless,
    v6_nothing_left,
    v7_documents,
    v8_reader,
    v9_unknowns,
)
from checks.evidence import Evidence
from checks.violation import Violation

ALWAYS = (
    v1_acknowledged,
    v2_invoked,
    v3_one_decision,
    v4_capacity,
    v5_gapless,
    v6_nothing_left,
    v7_documents,
    v8_reader,
)


def verdict(evidence: Evidence, *, unknowns: bool, prompt: bool = False) -> list[Violation]:
    """What every check finds; V9 where something ended unknown, and wherever something should have.

    ``prompt``: no server lost anything, so no command may have been lost and sent again.
    """
    found = [violation for one in ALWAYS for violation in one.check(evidence)]
    if prompt:
        found += v1_acknowledged.lost_and_mended(evidence)
    if unknowns or evidence.history.unknown():
        found += v9_unknowns.check(evidence)
    return found
