import asyncio

from prometheus_client import CollectorRegistry

from command_service.acceptance import Acceptance, Answer
from command_service.database import Pool
from command_service.metrics import ApiMetrics
from orders import book, ordered


async def test_a_command_counts_as_accepted_once_and_every_other_sending_as_a_repetition(
    database: Pool, seaside: str
) -> None:
    registry, stop = CollectorRegistry(), asyncio.Event()
    acceptance = Acceptance(database, ApiMetrics(registry))
    running = asyncio.create_task(acceptance.run(stop))
    command, other = ordered(seaside, book(5, 8)), ordered(seaside, book(6, 9))
    reused = ordered(seaside, book(7, 9), other.id)
    answers = [
        answer
        for sent in ([command, other], [command], [command, command, reused])
        for answer in await acceptance.accept(sent)
    ]
    stop.set()
    await running
    assert answers.count(Answer.ACCEPTED) == 5
    assert answers[-1] is Answer.KEY_REUSED
    assert registry.get_sample_value("innkeep_accepted_total") == 2
    assert registry.get_sample_value("innkeep_repeated_total") == 3
