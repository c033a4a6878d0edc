"""The settings of a development machine: passwords made for it, in a file that only its owner may read."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PASSWORDS: Final = (
    "POSTGRES_SUPERUSER_PASSWORD",
    "POSTGRES_OWNER_PASSWORD",
    "POSTGRES_PASSWORD",
    "RABBITMQ_PASSWORD",
    "MONGODB_ROOT_PASSWORD",
    "MONGODB_PROJECTOR_PASSWORD",
    "MONGODB_QUERY_API_PASSWORD",
)
PASSWORD_BYTES: Final = 24
COMPOSE_FILES: Final = "docker-compose.yml:deploy/containers/stand-ins.yml"


def development(*, stand_ins: bool) -> dict[str, str]:
    """Everything the compose file asks for, with new passwords that can stand in a URL."""
    settings = {"INNKEEP_ENVIRONMENT": "development"}
    settings |= {name: secrets.token_urlsafe(PASSWORD_BYTES) for name in PASSWORDS}
    return settings | ({"COMPOSE_FILE": COMPOSE_FILES} if stand_ins else {})


def write_once(path: Path, settings: Mapping[str, str]) -> bool:
    """Write the settings where there is no file yet, for its owner only; whether that was so."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    return True
