"""R13 and R14: RabbitMQ, or the document store, is away for a minute; nobody is turned away, and all is made up for."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN, lost_and_twice
from chaos.looks import Looks
from chaos.outages import outage
from chaos.trial import trial
from harness.load import RATE
from harness.world import World

SECONDS: Final = 60
QUICK_SECONDS: Final = 10
LONGEST_SECONDS: Final = 30.0
CUT_OFF: Final = RATE
"""How many clients may go without an answer: a pause of the machine cuts off those who ask just then."""
TARGET: Final = f"0; <= {LONGEST_SECONDS:.0f} s"


async def away(world: World, name: str, server: str, seconds: int, rng: random.Random) -> list[Result]:
    """One outage of so many seconds; ``n`` of the result is how many commands were answered meanwhile."""
    async with trial(world, name, rng) as running:
        looks = Looks(running)
        gone = await outage(running, server, seconds, looks)
        violations = await running.judge() + looks.violations
    unheard = gone.turned_away[0]
    answered, rejected = len(gone.answers) - unheard, gone.turned_away.total() - unheard
    notes = [f"{seconds} s away, {gone.waited} waited at the end, lost / twice {lost_and_twice(violations)}"]
    notes += [f"turned away: {dict(gone.turned_away)}"] if gone.turned_away else []
    notes += [] if gone.waited else ["nothing waited for it"]
    notes += [str(violation) for violation in violations[:SHOWN]]
    enough = answered >= RATE * seconds / 2 and gone.waited > 0
    heard = unheard <= CUT_OFF
    met = enough and heard and not rejected and not violations and gone.drained <= LONGEST_SECONDS
    return [Result(name, answered, f"{rejected}; {gone.drained:.1f} s", TARGET, met, "; ".join(notes))]


async def measure_broker(world: World, n: int, rng: random.Random) -> list[Result]:
    """RabbitMQ is away for ``n`` seconds."""
    return await away(world, "R13", "rabbitmq", n, rng)


async def measure_documents(world: World, n: int, rng: random.Random) -> list[Result]:
    """The document store is away for ``n`` seconds."""
    return await away(world, "R14", "mongodb", n, rng)


BROKER: Final = Figure(
    "R13", "seconds without RabbitMQ: rejected; drained after", TARGET, SECONDS, QUICK_SECONDS, measure_broker
)
DOCUMENTS: Final = Figure(
    "R14",
    "seconds without document store: rejected; lag back after",
    TARGET,
    SECONDS,
    QUICK_SECONDS,
    measure_documents,
)
