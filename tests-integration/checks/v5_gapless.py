"""V5: the positions of a stream are 1, 2, 3 and so on to the hotel's own position."""

from checks.evidence import Evidence
from checks.violation import Violation, found


def check(evidence: Evidence) -> list[Violation]:
    """Streams with a gap, a repetition or another end."""
    broken = []
    for hotel, head in evidence.heads.items():
        positions = [event.envelope.position for event in evidence.streams.get(hotel, ())]
        if positions != list(range(1, head + 1)):
            odd = [at for at, position in enumerate(positions, 1) if at != position]
            broken.append(f"{hotel} stands at {head} with {len(positions)} events, out of step at {odd[:3]}")
    return found("V5", sum(map(len, evidence.streams.values())), broken)
