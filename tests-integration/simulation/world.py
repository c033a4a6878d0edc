"""One world: its servers, its network, its processes, and what chance has in store for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from shared_contracts.topology import partition_of
from simulation.broker import Broker, Message
from simulation.chance import Chance
from simulation.documents import DocumentStore
from simulation.loop import KilledError, SimulatedLoop
from simulation.network import Network
from simulation.postgres import Postgres
from simulation.process import Process, current
from simulation.trace import Trace

KINDS: Final = ("api", "worker", "relay", "projector")
MAX_DEATHS: Final = 4
LONGEST_PAUSE_SECONDS: Final = 14.0
HOTELS: Final = tuple(f"h{number}" for number in range(8))
RAISES, KILLS, CORRUPT = "raises", "kills", "corrupt"


@dataclass(slots=True)
class World:
    """Everything of one run. ``wanted`` is how many processes of each kind there should be."""

    seed: int
    chance: Chance = field(init=False)
    trace: Trace = field(default_factory=Trace)
    loop: SimulatedLoop = field(init=False)
    network: Network = field(init=False)
    postgres: Postgres = field(init=False)
    broker: Broker = field(init=False)
    store: DocumentStore = field(init=False)
    hotels: tuple[str, ...] = ()
    wanted: dict[str, int] = field(default_factory=dict)
    sharing: bool = False
    processes: list[Process] = field(default_factory=list)
    apis: dict[Process, Any] = field(default_factory=dict)
    start_process: Callable[[str], Process] = field(init=False)
    poison: dict[UUID, str] = field(default_factory=dict)
    garbage: set[bytes] = field(default_factory=set)
    crash: float = 0.0
    stall: float = 0.0
    healed: bool = False
    started: int = 0
    deaths: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def __post_init__(self) -> None:
        """Create the servers, empty."""
        self.chance = Chance(self.seed)
        self.loop = SimulatedLoop(self.chance.random)
        self.loop.on_fatal_step = self.kill
        self.network = Network(self.loop, self.chance, self.trace)
        self.postgres = Postgres(self.network)
        self.hotels = HOTELS[: self.chance.whole(1, 3)]
        self.broker = Broker(self.network, tuple(sorted({partition_of(hotel) for hotel in self.hotels})))
        self.store = DocumentStore(self.network)
        for kind in KINDS:
            self.wanted[kind] = 2 if self.chance.happens(0.5) else 1
        self.sharing = self.wanted["worker"] + self.wanted["projector"] > 2 and self.chance.happens(0.4)
        self.broker.settled, self.broker.distort = self._settled, self._distort
        self.postgres.hooks = {"command_outbox": self._command_sent, "event_outbox": self._event_sent}

    def living(self, kind: str) -> list[Process]:
        """The processes of a kind that live, also paused ones."""
        return [process for process in self.processes if process.kind == kind and process.alive]

    def start(self, kind: str) -> None:
        """Start one more process, unless there are as many as wanted."""
        if len(self.living(kind)) < self.wanted[kind]:
            self.started += 1
            process = self.start_process(kind)
            self.processes.append(process)
            self.trace.add(f"{self.loop.now:.6f} start {process.name}")

    def kill(self, process: Process) -> None:
        """SIGKILL: its memory is gone, the servers find its lines closed, and it is started again in a while."""
        if not process.alive:
            return
        self.trace.count(f"kills_{process.kind}")
        self._end(process, "kill")
        self.deaths[process.kind] += 1
        self.loop.call_later(self.chance.between(0.05, 2.0), self.start, process.kind, context=self.network.outside)

    def exited(self, process: Process, error: BaseException | None) -> None:
        """It has returned by itself, and is started again in a while."""
        if not process.alive:
            return
        if error is not None:
            self.trace.violate(f"{process.kind} fell over: {error!r}")
        self._end(process, "exit")
        self.loop.call_later(0.2, self.start, process.kind, context=self.network.outside)

    def pause(self, process: Process, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds; the servers end sessions that are silent for too long."""
        if process.paused or not process.alive:
            return
        self.trace.count(f"pauses_{process.kind}")
        self.trace.add(f"{self.loop.now:.6f} pause {process.name} {seconds:.3f}")
        self.loop.pause(process)
        self.loop.call_later(seconds, self.resume, process, context=self.network.outside)
        for socket in process.sockets:
            for late in socket.patience():
                self.loop.call_later(late, self._expire, process, socket, context=self.network.outside)

    def resume(self, process: Process) -> None:
        """SIGCONT."""
        if process.paused and process.alive:
            self.trace.add(f"{self.loop.now:.6f} resume {process.name}")
            self.loop.resume(process)
            unsent, process.unsent = process.unsent, []
            for send in unsent:
                send()

    def cut_off(self, process: Process) -> None:
        """The broker gives its connections up, and what it has in hand to others; it may not notice for long."""
        for link in [link for link in self.broker.links if link.process is process]:
            self.trace.count("links_cut")
            self.loop.call_soon(link.lose, "cut", context=self.network.outside)

    def crash_here(self, _: object) -> None:
        """Die or stand still between two steps, now and then; stands in for the hook of the real code."""
        process = current()
        if self.chance.happens(self.stall):
            self.trace.count("pauses_at_crash_points")
            self.pause(process, self.chance.between(0.1, LONGEST_PAUSE_SECONDS))
            if self.chance.happens(0.5):
                self.cut_off(process)
        if self.chance.happens(self.crash) and self.may_die(process):
            self.trace.count("kills_at_crash_points")
            self.kill(process)
            raise KilledError

    def may_die(self, process: Process) -> bool:
        """Whether one more death proves anything: a command whose worker dies each time may rightly be given up."""
        return not self.healed and process.alive and self.deaths[process.kind] < MAX_DEATHS

    def meet(self, command_id: UUID) -> None:
        """A rule looks at the command: one that is poison raises, or kills the process."""
        how = self.poison.get(command_id)
        if how == RAISES:
            self.trace.count("poison_raised")
            raise ZeroDivisionError("poison")
        if how == KILLS:
            self.trace.count("poison_killed")
            self.kill(current())
            raise KilledError

    def _end(self, process: Process, how: str) -> None:
        self.trace.add(f"{self.loop.now:.6f} {how} {process.name}")
        self.loop.kill(process)
        for socket in process.sockets:
            self.loop.call_later(self.network.delay(), socket.gone, context=self.network.outside)
        api = self.apis.pop(process, None)
        if api is not None:
            api.reset()

    def _expire(self, process: Process, socket: Any) -> None:
        if process.paused and process.alive:
            socket.expire()

    def _distort(self, message_id: str, body: bytes) -> bytes:
        """A command that is corrupt poison is never read as it was sent."""
        command_id = _id_of(message_id) if CORRUPT in self.poison.values() else None
        if command_id is not None and self.poison.get(command_id) == CORRUPT:
            self.trace.count("messages_corrupted")
            return b"?" + body
        return body

    def _settled(self, queue: str, message: Message) -> None:
        """An acknowledged command has its outcome, or is parked: nothing else may be acknowledged."""
        if queue.startswith("commands."):
            known = message.body in self.garbage or self.postgres.tables["outcome"].get(UUID(message.message_id))
            if not known:
                self.trace.violate(f"acknowledged without an outcome: {message.message_id}")

    def _command_sent(self, seq: int, row: dict[str, Any] | None) -> None:
        if row is None and seq in self.postgres.tables["command_outbox"]:
            self._sent(str(self.postgres.tables["command_outbox"][seq]["command_id"]))

    def _event_sent(self, seq: int, row: dict[str, Any] | None) -> None:
        if row is None and seq in self.postgres.tables["event_outbox"]:
            event = self.postgres.tables["event_outbox"][seq]
            self._sent(f"{event['hotel_id']}/{event['position']}")

    def _sent(self, message_id: str) -> None:
        """What is no longer unsent has been in a queue."""
        if message_id not in self.broker.taken:
            self.trace.violate(f"marked as sent, but no queue has ever held it: {message_id}")


def _id_of(message_id: str) -> UUID | None:
    try:
        return UUID(message_id)
    except ValueError:
        return None
