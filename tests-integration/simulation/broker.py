"""A RabbitMQ with our topology: quorum queues with a single active consumer, confirms, returns, redelivery.

What a lost consumer had not settled goes back to the front of its queue, in order unless chance shuffles it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared_contracts.topology import COMMANDS_EXCHANGE, DELIVERY_LIMIT, EVENTS_EXCHANGE, UNDELIVERABLE_QUEUE
from simulation.network import Network

ACKNOWLEDGED, RETURNED, REFUSED, SILENT = "acknowledged", "returned", "refused", "silent"


@dataclass(slots=True, eq=False)
class Message:
    """A message in a queue, and how often it has been delivered without being settled."""

    message_id: str
    body: bytes
    count: int = 0


@dataclass(slots=True, eq=False)
class Subscription:
    """One consumer's place in a queue's line, on a channel of its own."""

    queue: str
    prefetch: int
    deliver: Callable[[int, Message], None]
    link: Any
    unsettled: dict[int, Message] = field(default_factory=dict)
    tags: int = 0


@dataclass(slots=True, eq=False)
class BrokerQueue:
    """Messages in order, and the line of those who would consume them; the first one does."""

    name: str
    ready: deque[Message] = field(default_factory=deque)
    line: list[Subscription] = field(default_factory=list)


@dataclass(slots=True)
class Broker:
    """The server. Probabilities are those of one message, or of one lost consumer for ``shuffled``."""

    network: Network
    partitions: tuple[int, ...]
    up: bool = True
    doubled: float = 0.0
    refused: float = 0.0
    silent: float = 0.0
    shuffled: float = 0.0
    queues: dict[str, BrokerQueue] = field(default_factory=dict)
    unbound: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    settled: Callable[[str, Message], None] = lambda _, __: None
    distort: Callable[[str, bytes], bytes] = lambda _, body: body
    links: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Declare the queues of the partitions that are used."""
        names = [f"{kind}.{number:02d}" for kind in ("commands", "events") for number in self.partitions]
        self.queues = {name: BrokerQueue(name) for name in [*names, UNDELIVERABLE_QUEUE]}

    def stop(self) -> None:
        """Go down: every connection is lost; what is in the queues stays."""
        self.up = False
        for link in list(self.links):
            link.lose("broker stopped")

    def start(self) -> None:
        """Come back."""
        self.up = True

    def forget_everything(self) -> None:
        """Lose all messages of all queues, as when its disk is."""
        self.stop()
        for queue in self.queues.values():
            self.network.trace.count("messages_lost", len(queue.ready))
            queue.ready.clear()

    def publish(self, exchange: str, key: str, message_id: str, body: bytes, *, mandatory: bool) -> str:
        """Route one message; what its publisher is told."""
        names = [name for name in self._routes(exchange, key) if name not in self.unbound]
        if not names:
            self.network.trace.count("unroutable")
            return RETURNED if mandatory else ACKNOWLEDGED
        if self.network.chance.happens(self.refused):
            self.network.trace.count("messages_refused")
            return REFUSED
        for name in names:
            self.put(name, message_id, body)
        if self.network.chance.happens(self.silent):
            self.network.trace.count("confirms_lost")
            return SILENT
        return ACKNOWLEDGED

    def put(self, name: str, message_id: str, body: bytes) -> None:
        """A message is in the queue; now and then twice."""
        queue = self.queues[name]
        body = self.distort(message_id, body)
        self.taken.add(message_id)
        queue.ready.append(Message(message_id, body))
        self.network.trace.add(f"{self.network.loop.now:.6f} {name} < {message_id}")
        if self.network.chance.happens(self.doubled):
            self.network.trace.count("messages_doubled")
            queue.ready.append(Message(message_id, body))
        self._pump(queue)

    def subscribe(self, subscription: Subscription) -> None:
        """Stand at the end of the line."""
        queue = self.queues[subscription.queue]
        queue.line.append(subscription)
        self._pump(queue)

    def settle(self, subscription: Subscription, tag: int) -> None:
        """All up to the tag is dealt with."""
        for earlier in [one for one in subscription.unsettled if one <= tag]:
            self.settled(subscription.queue, subscription.unsettled.pop(earlier))
        self._pump(self.queues[subscription.queue])

    def leave(self, subscription: Subscription) -> None:
        """The consumer is gone: what it had not settled comes again, to the next in the line."""
        queue = self.queues[subscription.queue]
        if subscription not in queue.line:
            return
        queue.line.remove(subscription)
        back = list(subscription.unsettled.values())
        if len(back) > 1 and self.network.chance.happens(self.shuffled):
            self.network.trace.count("redeliveries_shuffled")
            self.network.chance.random.shuffle(back)
        for message in reversed(back):
            message.count += 1
            if message.count > DELIVERY_LIMIT:
                self.queues[UNDELIVERABLE_QUEUE].ready.append(message)
            else:
                queue.ready.appendleft(message)
        subscription.unsettled.clear()
        self._pump(queue)

    def hands(self, kind: str) -> list[Any]:
        """The connections of those who have something of these queues in hand."""
        lines = [queue.line for name, queue in self.queues.items() if name.startswith(kind)]
        return [one.link for line in lines for one in line if one.unsettled]

    def waiting(self, name: str) -> int:
        """How many messages wait in the queue, as a passive declaration tells it."""
        return len(self.queues[name].ready)

    def empty(self) -> bool:
        """Whether nothing waits or is under way anywhere."""
        return not any(queue.ready or any(s.unsettled for s in queue.line) for queue in self.queues.values())

    def _routes(self, exchange: str, key: str) -> list[str]:
        kind = {COMMANDS_EXCHANGE: "commands", EVENTS_EXCHANGE: "events"}.get(exchange, "")
        name = f"{kind}.{key.partition('.')[0]}"
        return [name] if name in self.queues else []

    def _pump(self, queue: BrokerQueue) -> None:
        if not queue.line:
            return
        active = queue.line[0]
        while queue.ready and len(active.unsettled) < active.prefetch:
            message = queue.ready.popleft()
            active.tags += 1
            active.unsettled[active.tags] = message
            if message.count:
                self.network.trace.count("redeliveries")
            self.network.trace.add(f"{self.network.loop.now:.6f} {queue.name} > {message.message_id} {message.count}")
            active.deliver(active.tags, message)
