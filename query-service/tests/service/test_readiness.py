"""What the projector says of itself."""

import pytest
from histories import History
from stand_ins import Projector, rounds_of

from query_service.diverging import Divergence
from query_service.documents import Documents
from query_service.folding import Fault
from query_service.readiness import projector_readiness
from query_service.rounds import Rounds
from shared_contracts.transport.consuming import Consumer, Delivery


@pytest.fixture
def rounds(projector: Projector) -> Rounds:
    """Rounds that never began."""
    return rounds_of(projector)


@pytest.fixture
def consumer(projector: Projector) -> Consumer:
    """A consumer that never connected."""
    return Consumer(
        url="amqp://nowhere", name="test", queues=[], prefetch=1, batch=1, handle=projector.projecting.handle
    )


async def test_a_projector_without_its_queues_is_not_ready(
    projector: Projector, documents: Documents, consumer: Consumer, rounds: Rounds
) -> None:
    found = await projector_readiness(documents, consumer, projector.catching_up, rounds)()
    assert list(found.missing) == ["rabbitmq"]


async def test_a_projector_says_which_hotels_are_parked_and_behind_and_is_ready(
    projector: Projector, documents: Documents, consumer: Consumer, rounds: Rounds, history: History
) -> None:
    projector.feed.holds(history.events)
    consumer.connected = True
    parking = projector.projecting.parking
    await parking.park_hotel("hillside", Fault(3, "it makes no sense"))
    await parking.mark_diverged("lakeside", Divergence(7, 4, "the documents hold more"))
    await parking.park_message(Delivery("events.01", b"?", tag=1), "not JSON")
    rounds.drift = {"roadside": 2}
    rounds.trouble = "roadside: down"
    await projector.catching_up.once()
    projector.projecting.leave_behind("seaside", 1)
    found = await projector_readiness(documents, consumer, projector.catching_up, rounds)()
    assert found.missing == {}
    assert found.behind == {
        "diverged": "lakeside (1 in all): `query-service reconcile HOTEL --repair`, see the runbook",
        "parked": "hillside (1 in all)",
        "messages": "1 cannot be read: `query-service parked list`",
        "drift": "2 documents differ from their events, of roadside (1 in all)",
        "comparing": "roadside: down",
        "hotels": "1 to be caught up",
    }
    assert projector.count("innkeep_diverged_hotels") == 1
    assert projector.count("innkeep_parked_hotels") == 1
    assert projector.count("innkeep_unreadable_messages") == 1


async def test_a_database_that_was_not_migrated_is_named(
    projector: Projector, consumer: Consumer, rounds: Rounds
) -> None:
    documents = projector.store.documents
    await documents._database.drop_collection("statistics")
    found = await projector_readiness(documents, consumer, projector.catching_up, rounds)()
    assert found.missing["mongodb"] == "run `query-service migrate`: statistics"
