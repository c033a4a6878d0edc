"""The composition root of ``command-service migrate``."""

from command_service.migrating import migrate as migrate_database
from command_service.settings import BrokerSettings
from shared_contracts.transport.amqp import declare_topology


async def migrate(settings: BrokerSettings) -> None:
    """Bring the database and the broker to this release; may raise what either raises."""
    await migrate_database(settings.postgres_url)
    await declare_topology(settings.rabbitmq_url.get_secret_value())
