"""What a consumer tells about its share of the queues, read whenever the metrics are."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.sharing import Sharing


class _Shares(Collector):
    def __init__(self, consumer: Consumer, sharing: Sharing) -> None:
        self._consumer = consumer
        self._sharing = sharing

    def collect(self) -> Iterator[Metric]:
        owned = frozenset(self._sharing.owned())
        yield GaugeMetricFamily("innkeep_members_live", "Processes that share the queues", len(self._sharing.live))
        own = GaugeMetricFamily("innkeep_queue_owned", "1 for a queue that this process is to serve", labels=["queue"])
        taken = CounterMetricFamily("innkeep_queue_taken", "Messages taken from a queue", labels=["queue"])
        for queue in self._consumer.queues:
            own.add_metric([queue], queue in owned)
            taken.add_metric([queue], self._consumer.taken[queue])
        yield own
        yield taken
        redelivered = self._consumer.redelivered
        yield CounterMetricFamily("innkeep_redelivered", "Messages that the broker had delivered before", redelivered)


def watch_shares(registry: CollectorRegistry, consumer: Consumer, sharing: Sharing) -> None:
    """Tell who shares the queues, which of them are this process's, and how many messages it took from each."""
    registry.register(_Shares(consumer, sharing))
