"""The tests' servers as containers, where an engine answers."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

ENGINE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Image:
    """An image, how it is told who may come in, and what it says when it is ready."""

    name: str
    port: int
    url: str
    ready: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


IMAGES: Final = {
    "postgres": Image(
        "postgres:17",
        5432,
        "postgresql://innkeep:innkeep@{address}/innkeep",
        # Said once while the data is made, over a socket only, and again when it serves.
        "database system is ready to accept connections[^$]*database system is ready to accept connections",
        {"POSTGRES_USER": "innkeep", "POSTGRES_PASSWORD": "innkeep", "POSTGRES_DB": "innkeep"},
    ),
    "rabbitmq": Image(
        "rabbitmq:4-management",
        5672,
        "amqp://innkeep:innkeep@{address}/innkeep",
        "Server startup complete",
        {"RABBITMQ_DEFAULT_USER": "innkeep", "RABBITMQ_DEFAULT_PASS": "innkeep", "RABBITMQ_DEFAULT_VHOST": "innkeep"},
    ),
    "mongodb": Image("mongo:8", 27017, "mongodb://{address}/", "[Ww]aiting for connections"),
}


def engine_answers() -> bool:
    """Whether containers can be had. ``INNKEEP_TEST_SERVERS=local`` says not to ask."""
    if os.environ.get("INNKEEP_TEST_SERVERS") == "local" or shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=ENGINE_SECONDS, check=False)
    return asked.returncode == 0


@contextmanager
def container(image: Image) -> Iterator[str]:
    """Run the image for as long as the context lasts; its address as a URL, once it is ready."""
    described = DockerContainer(image.name).with_exposed_ports(image.port)
    for name, value in image.environment.items():
        described = described.with_env(name, value)
    with described.waiting_for(LogMessageWaitStrategy(image.ready)) as running:
        address = f"{running.get_container_host_ip()}:{running.get_exposed_port(image.port)}"
        yield image.url.format(address=address)
