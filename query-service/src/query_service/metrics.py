"""What the projector counts; made by the composition root, bound once."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from query_service.parking import Held

BATCH_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
SECONDS_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class ProjectorMetrics:
    """Counts of the projector."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self._projected = Counter("innkeep_projected_events_total", "Events in documents", registry=registry)
        self._batch = Histogram("innkeep_projection_batch_size", "Events", buckets=BATCH_BUCKETS, registry=registry)
        self._lag = Histogram(
            "innkeep_projection_lag_seconds",
            "From the acceptance of a command to its event in all documents",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._written = Counter(
            "innkeep_documents_written_total", "Documents written", ["collection"], registry=registry
        )
        self._newer = Counter(
            "innkeep_documents_already_newer_total", "Documents that were newer in the store", registry=registry
        )
        self._parked = Gauge("innkeep_parked_hotels", "Hotels that wait for an operator", registry=registry)
        self._diverged = Gauge(
            "innkeep_diverged_hotels",
            "Hotels whose documents are of another history than their events",
            registry=registry,
        )
        self._waiting = Gauge("innkeep_unreadable_messages", "Messages that wait for an operator", registry=registry)
        self._drift = Gauge(
            "innkeep_drift_documents",
            "Documents that differed from their events when last looked at",
            registry=registry,
        )
        self._compared = Counter(
            "innkeep_compared_documents_total", "Documents compared with their events", registry=registry
        )
        self._round = Gauge(
            "innkeep_last_round_timestamp_seconds", "When all hotels of this process were compared", registry=registry
        )
        self._unreadable = Counter("innkeep_parked_messages_total", "Messages nobody can read", registry=registry)
        self._repeated = Counter("innkeep_repeated_events_total", "Dropped: projected before", registry=registry)
        self._gaps = Counter("innkeep_gap_fills_total", "Pages asked from the feed", registry=registry)

    def projected(self, lags: list[float]) -> None:
        """The events with these lags are in all their documents, and the checkpoints say so."""
        self._projected.inc(len(lags))
        self._batch.observe(len(lags))
        for lag in lags:
            self._lag.observe(lag)

    def written(self, collection: str, documents: int, already_newer: int) -> None:
        """The writes of a collection returned."""
        self._written.labels(collection).inc(documents - already_newer)
        self._newer.inc(already_newer)

    def held(self, held: Held) -> None:
        """These wait for an operator now."""
        self._parked.set(len(held.parked))
        self._diverged.set(len(held.diverged))
        self._waiting.set(held.messages)

    def compared(self, documents: int, drift: int) -> None:
        """So many documents were compared, and so many differ now, in all hotels that were looked at."""
        self._compared.inc(documents)
        self._drift.set(drift)

    def went_round(self, at: float) -> None:
        """All hotels were looked at, the last one at this time."""
        self._round.set(at)

    def parked_message(self) -> None:
        """A message was parked."""
        self._unreadable.inc()

    def repeated(self, events: int) -> None:
        """So many events came that are in their documents already."""
        self._repeated.inc(events)

    def asked_feed(self) -> None:
        """The feed was asked for what is missing."""
        self._gaps.inc()
