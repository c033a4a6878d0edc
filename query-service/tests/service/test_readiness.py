"""What the projector says of itself."""

import pytest
from histories import History
from stand_ins import Projector

from query_service.documents import Documents
from query_service.folding import Fault
from query_service.readiness import projector_readiness
from shared_contracts.transport.consuming import Consumer


@pytest.fixture
def consumer(projector: Projector) -> Consumer:
    """A consumer that never connected."""
    return Consumer(
        url="amqp://nowhere", name="test", queues=[], prefetch=1, batch=1, handle=projector.projecting.handle
    )


async def test_a_projector_without_its_queues_is_not_ready(
    projector: Projector, documents: Documents, consumer: Consumer
) -> None:
    found = await projector_readiness(documents, consumer, projector.catching_up)()
    assert list(found.missing) == ["rabbitmq"]


async def test_a_projector_says_which_hotels_are_parked_and_behind_and_is_ready(
    projector: Projector, documents: Documents, consumer: Consumer, history: History
) -> None:
    projector.feed.holds(history.events)
    consumer.connected = True
    await projector.projecting.parking.park_hotel("hillside", Fault(3, "it makes no sense"))
    await projector.catching_up.once()
    projector.projecting.leave_behind("seaside", 1)
    found = await projector_readiness(documents, consumer, projector.catching_up)()
    assert found.missing == {}
    assert found.behind == {"parked": "hillside (1 in all)", "hotels": "1 to be caught up"}


async def test_a_database_that_was_not_migrated_is_named(projector: Projector, consumer: Consumer) -> None:
    documents = projector.store.documents
    await documents._database.drop_collection("statistics")
    found = await projector_readiness(documents, consumer, projector.catching_up)()
    assert found.missing["mongodb"] == "run `query-service migrate`: statistics"
