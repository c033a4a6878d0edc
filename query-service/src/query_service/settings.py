"""The typed environment of the query service, and every limit by name."""

from typing import Final

from pydantic import Field, SecretStr

from shared_contracts.transport.environment import ProcessSettings

READ_SCOPE: Final = "hotel:read"
DTO_VERSION: Final = 1

MAX_WINDOW_NIGHTS: Final = 92
MAX_PAGE: Final = 500
DEFAULT_PAGE: Final = 100
MAX_CURSOR: Final = 300
MAX_POSITION: Final = 2**62
MIN_POSITION_SECONDS: Final = 5.0
MIN_POSITION_POLL_SECONDS: Final = 0.03
MAX_WAITING_REQUESTS: Final = 1_000
RETRY_AFTER_SECONDS: Final = 2

SERVER_SELECTION_SECONDS: Final = 2.0
API_READ_SECONDS: Final = 4.0
PROJECTOR_SECONDS: Final = 20.0
READINESS_SECONDS: Final = 2.0
CONNECTIONS: Final = 20
MAX_IDS_PER_FIND: Final = 1_000
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
MAX_UPDATES: Final = 10_000
MAX_UPDATE_BYTES: Final = MAX_DOCUMENT_BYTES
"""Of one message: the driver's limit for a command, to which it adds 16 kB for what is said besides the updates."""
UPDATE_OVERHEAD_BYTES: Final = 500
"""What an update has besides its document, at most: two ids, a position and the names of fields."""

MAX_MEMBERS: Final = 1_000
PROJECTION_PREFETCH: Final = 500  # never lower beside older projectors: the order would be lost (decision 6)
PROJECTION_BATCH: Final = 500
MAX_RECENT_BYTES: Final = 4 * 1024 * 1024
RECENT_OVERHEAD_BYTES: Final = 500
STAND_BYTES: Final = 1_500
"""What a document's address takes besides, and what a hotel's stand takes, about."""
STORE_RETRY_SECONDS: Final = 0.5
MAX_STORE_RETRY_SECONDS: Final = 5.0
MAX_GAP_EVENTS: Final = 500
MAX_GAP_HOTELS: Final = 4
GAP_SECONDS: Final = 2.0
FEED_PAGE: Final = 500
FEED_SECONDS: Final = 10.0
FEED_CONNECTIONS: Final = 4
POSITIONS_PAGE: Final = 500
CATCH_UP_SECONDS: Final = 15.0
CATCH_UP_RETRY_SECONDS: Final = 1.0
MAX_CATCH_UP_RETRY_SECONDS: Final = 15.0
PARKED_POLL_SECONDS: Final = 2.0

RECONCILE_EVENTS: Final = 10_000
"""Some 40 MB of documents at a time; a longer history is read once for each so many of its events."""
MAX_DIFFERENCES: Final = 1_000
ROUND_PAGE: Final = 100
ROUND_RESTS: Final = 19
"""The round rests so many times as long as it works: it takes one part in twenty of its process at the most."""
MAX_ROUND_REST_SECONDS: Final = 30.0
ROUND_SECONDS: Final = 60.0
ROUND_RETRY_SECONDS: Final = 2.0
SECOND_LOOK_SECONDS: Final = 2.0
MAX_DIFFERENCES_LOGGED: Final = 20
SETTLE_SECONDS: Final = 5.0
REPAIR_ROUNDS: Final = 3
MARK_SECONDS: Final = 2.0
MAX_MARKS: Final = 10_000
DIVERGED_RETRY_SECONDS: Final = 30

ROUTES_SECONDS: Final = 1.0
SWITCH_SECONDS: Final = 2.5
"""All who remember routes for ``ROUTES_SECONDS`` have looked again after this time."""
REBUILD_PAGE: Final = 500
REBUILD_SHARE: Final = 0.5
MAX_REBUILD_REST_SECONDS: Final = 5.0
REBUILD_PROGRESS_SECONDS: Final = 2.0
REBUILD_RETRY_SECONDS: Final = 0.5
MAX_REBUILD_RETRY_SECONDS: Final = 15.0
MAX_REBUILD_PASSES: Final = 20
MAX_COMPARED: Final = 20_000
MAX_COMPARED_OF_HOTEL: Final = 50
COMPARE_LOOKS: Final = 3

MAX_PARKED_BYTES: Final = 65_536
MAX_REASON: Final = 500
MAX_PARKED_LISTED: Final = 1_000
PARKED_PAGE: Final = 50


class Settings(ProcessSettings):
    """Where the query service's servers are."""

    mongodb_url: SecretStr
    mongodb_database: str = Field(default="innkeep", min_length=1, max_length=63, pattern=r"^[A-Za-z0-9_-]+$")
    command_api_url: str = "http://127.0.0.1:8410"
    command_api_token: SecretStr | None = None
    port: int = Field(default=8420, ge=0, le=65_535)


class ProjectorSettings(Settings):
    """The same for the projector, who also uses the broker."""

    rabbitmq_url: SecretStr
