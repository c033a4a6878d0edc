"""The typed environment of the command service, and every limit by name."""

from typing import Final

from pydantic import Field, SecretStr

from shared_contracts.transport.environment import ProcessSettings

MAX_BODY_BYTES: Final = 262_144
MAX_BATCH_BODY_BYTES: Final = 2_097_152
MAX_BATCH_COMMANDS: Final = 500
MAX_BODIES_IN_FLIGHT_BYTES: Final = 67_108_864
BODY_SECONDS: Final = 30
MAX_JSON_DEPTH: Final = 32
MAX_WAIT_SECONDS: Final = 30
MAX_WAITING_REQUESTS: Final = 1_000
MAX_FEED_PAGE: Final = 1_000
DEFAULT_FEED_PAGE: Final = 100
MAX_POSITIONS_PAGE: Final = 500
MAX_POSITION: Final = 2**62
MAX_READS: Final = 1_000
READ_SECONDS: Final = 5

ACCEPT_QUEUE_COMMANDS: Final = 5_000
ACCEPT_QUEUE_BYTES: Final = 67_108_864
ACCEPT_BATCH_COMMANDS: Final = 1_000
ACCEPT_BATCH_BYTES: Final = 8_388_608
ACCEPT_SECONDS: Final = 10
ACCEPT_REST_SECONDS: Final = 0.1
"""How long the API leaves a database alone that has just not answered; what comes meanwhile is one flush then."""
RETRY_AFTER_SECONDS: Final = 2
KNOWN_HOTELS: Final = 50_000

STATUS_POLL_SECONDS: Final = 0.02

RELAY_BATCH: Final = 500
RELAY_BUSY_SECONDS: Final = 0.005
RELAY_IDLE_SECONDS: Final = 0.1
RELAY_RETRY_SECONDS: Final = 0.5
RELAY_LOOK: Final = 200_000
RELAY_CHECK_SECONDS: Final = 3
RELAY_PROBE_SECONDS: Final = 5
RELAY_LOCK: Final = 7_411_001
LEADER_BEAT_SECONDS: Final = 2
LEADER_SILENCE_SECONDS: Final = 8
SENDER_SILENCE_SECONDS: Final = 60
PART_ENDS_SECONDS: Final = 10
HELD_FIRST_SECONDS: Final = 0.5
HELD_MAX_SECONDS: Final = 15
LOST_AFTER_SECONDS: Final = 30
LOST_LOOK_SECONDS: Final = 10
LOST_SPAN_SECONDS: Final = 300
LOST_BATCH: Final = 5_000
STANDBY_SECONDS: Final = 0.5

WORKER_PREFETCH: Final = 200  # never lower beside older workers: order would be lost (decision 6)
WORKER_BATCH: Final = 250
WORKER_BATCHES_AT_ONCE: Final = 2
MAX_ATTEMPTS: Final = 5
SUSPECT_DELIVERIES: Final = 2
FIRST_RETRY_SECONDS: Final = 0.02
DATABASE_RETRY_SECONDS: Final = 0.5
MAX_PARKED_BYTES: Final = 65_536
MAX_ERROR_TEXT: Final = 500

RECONCILE_PAGE: Final = 200
BOOKKEEPING_PAGE: Final = 2_000
UNDECIDED_AFTER_SECONDS: Final = 900
MAX_DIFFERENCES: Final = 1_000
MAX_DIFFERENCES_LOGGED: Final = 20
ROUND_RESTS: Final = 19
"""The round rests so many times as long as it works: it takes one part in twenty of its process at the most."""
MAX_ROUND_REST_SECONDS: Final = 30.0
ROUND_SECONDS: Final = 300
ROUND_STATEMENT_SECONDS: Final = 5
WAITING_LOOK_SECONDS: Final = 15
MAX_PARKED_COUNTED: Final = 10_000
ASIDE_RETRY_SECONDS: Final = 5

STATEMENT_SECONDS: Final = 15
LOCK_SECONDS: Final = 10
IDLE_TRANSACTION_SECONDS: Final = 5
KEEPALIVE_SECONDS: Final = 5
KEEPALIVE_COUNT: Final = 3
READINESS_SECONDS: Final = 2
BEHIND_SECONDS: Final = 10
API_POOL: Final = 6
WORKER_POOL: Final = 3
MIGRATION_LOCK: Final = 7_411_002


class Settings(ProcessSettings):
    """Where the command service's servers are."""

    postgres_url: SecretStr
    port: int = Field(default=8410, ge=0, le=65_535)


class BrokerSettings(Settings):
    """The same for those who also use the broker: migration, relay and worker."""

    rabbitmq_url: SecretStr
