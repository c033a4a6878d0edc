import asyncio

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.acceptance import SQL, Acceptance, Answer
from command_service.database import Pool, pool
from command_service.metrics import ApiMetrics
from orders import book, ordered

LAST_STATEMENT = "SELECT query FROM pg_stat_activity WHERE application_name = $1"


async def test_commands_for_known_hotels_cost_the_server_one_statement(
    postgres_url: str, database: Pool, seaside: str
) -> None:
    stop = asyncio.Event()
    async with pool(SecretStr(postgres_url), "innkeep-one-statement", 1) as of_its_own:
        acceptance = Acceptance(of_its_own, ApiMetrics(CollectorRegistry()))
        running = asyncio.create_task(acceptance.run(stop))
        await acceptance.accept([ordered(seaside, book(5, 8))])
        assert "COMMIT" in await database.fetchval(LAST_STATEMENT, "innkeep-one-statement")
        assert await acceptance.accept([ordered(seaside, book(6, 9))]) == [Answer.ACCEPTED]
        assert await database.fetchval(LAST_STATEMENT, "innkeep-one-statement") == SQL["accept"]
        stop.set()
        await running
