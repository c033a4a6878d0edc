"""What each process counts; made by the composition roots, bound once."""

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from command_service.batch import Decided

BATCH_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class ApiMetrics:
    """Counts of the command API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self._accepted = Counter("innkeep_accepted_total", "Commands stored", registry=registry)
        self._repeated = Counter("innkeep_repeated_total", "Commands that were stored before", registry=registry)
        self._refused = Counter("innkeep_refused_busy_total", "Requests answered 503", registry=registry)
        self._batch = Histogram("innkeep_accept_batch_size", "Rows", buckets=BATCH_BUCKETS, registry=registry)
        self._seconds = Histogram("innkeep_accept_seconds", "Insert", buckets=SECONDS_BUCKETS, registry=registry)

    def accepted(self, commands: int) -> None:
        """So many commands were stored."""
        self._accepted.inc(commands)

    def repeated(self, commands: int) -> None:
        """So many commands were stored before."""
        self._repeated.inc(commands)

    def flushed(self, commands: int, seconds: float) -> None:
        """One shared insert of so many commands returned."""
        self._batch.observe(commands)
        self._seconds.observe(seconds)

    def busy(self) -> None:
        """A request was turned away."""
        self._refused.inc()


class RelayMetrics:
    """Counts of the relay."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self._published = Counter("innkeep_published_total", "Messages confirmed", ["kind"], registry=registry)
        self._batch = Histogram("innkeep_publish_batch_size", "Messages", buckets=BATCH_BUCKETS, registry=registry)
        self._faults = Counter("innkeep_publish_faults_total", "Batches not confirmed whole", registry=registry)
        self._leading = Gauge("innkeep_relay_leading", "1 while this relay is the active one", registry=registry)
        self._unsent = Gauge("innkeep_unsent_age_seconds", "Age of the oldest row", ["kind"], registry=registry)
        self._age = Histogram(
            "innkeep_published_age_seconds", "Stored to taken", ["kind"], buckets=SECONDS_BUCKETS, registry=registry
        )
        self._drift = Gauge(
            "innkeep_drift_rows", "Rows that were not the fold of their events when last looked at", registry=registry
        )
        self._compared = Counter(
            "innkeep_compared_hotels_total", "Hotels compared with their events", registry=registry
        )
        self._round = Gauge(
            "innkeep_last_round_timestamp_seconds", "When all hotels were last compared", registry=registry
        )
        self._waiting = Gauge("innkeep_parked", "Commands and messages that wait for an operator", registry=registry)
        self._undeliverable = Gauge(
            "innkeep_undeliverable_messages", "Messages that the broker gave up", registry=registry
        )

    def watch_unsent(self, kind: str, waited: Callable[[], float]) -> None:
        """Ask, whenever the metrics are read, how long the oldest unsent row has waited by then."""
        self._unsent.labels(kind).set_function(waited)

    def published(self, kind: str, ages: Sequence[float]) -> None:
        """The broker confirmed a batch of messages that had waited so long."""
        self._published.labels(kind).inc(len(ages))
        self._batch.observe(len(ages))
        self._age.labels(kind).observe(max(ages))

    def fault(self) -> None:
        """A batch was not confirmed."""
        self._faults.inc()

    def compared(self, hotels: int, drift: int) -> None:
        """So many hotels were compared, and so many rows differ now, in all that were looked at."""
        self._compared.inc(hotels)
        self._drift.set(drift)

    def went_round(self, at: float) -> None:
        """All hotels were looked at, the last one at this time."""
        self._round.set(at)

    def waiting(self, parked: int, undeliverable: int) -> None:
        """So much waits for an operator now, in the database and at the broker."""
        self._waiting.set(parked)
        self._undeliverable.set(undeliverable)

    def leading(self, active: bool) -> None:  # noqa: FBT001  # a gauge's value
        """This relay became, or is no longer, the active one."""
        self._leading.set(active)


class WorkerMetrics:
    """Counts of the worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        outcomes = Counter("innkeep_decided_total", "Commands with an outcome", ["status"], registry=registry)
        self._succeeded = outcomes.labels("succeeded")
        self._rejected = outcomes.labels("rejected")
        self._failed = outcomes.labels("failed")
        self._repeated = Counter("innkeep_repeated_commands_total", "Dropped: decided before", registry=registry)
        self._parked = Counter("innkeep_parked_total", "Messages parked", registry=registry)
        self._retries = Counter(
            "innkeep_database_retries_total", "What PostgreSQL did not do, tried again", registry=registry
        )
        self._events = Counter("innkeep_events_total", "Events recorded", registry=registry)
        self._batch = Histogram("innkeep_decide_batch_size", "Commands", buckets=BATCH_BUCKETS, registry=registry)
        self._age = Histogram(
            "innkeep_decided_age_seconds", "Accepted to decided", buckets=SECONDS_BUCKETS, registry=registry
        )

    def decided(self, decided: Decided, commands: int, oldest_seconds: float) -> None:
        """A transaction over so many commands committed; the oldest of them had been accepted so long ago."""
        self._repeated.inc(commands - len(decided.outcomes))
        self._age.observe(max(oldest_seconds, 0.0))
        rejected = sum(outcome.code is not None for outcome in decided.outcomes)
        self._succeeded.inc(len(decided.outcomes) - rejected)
        self._rejected.inc(rejected)
        self._events.inc(len(decided.events))
        self._batch.observe(len(decided.outcomes))

    def retries(self) -> None:
        """PostgreSQL did not do something now, for whatever reason, and it is tried again."""
        self._retries.inc()

    def failed(self) -> None:
        """A command got the outcome ``failed``."""
        self._failed.inc()

    def parked(self) -> None:
        """A message was parked."""
        self._parked.inc()
