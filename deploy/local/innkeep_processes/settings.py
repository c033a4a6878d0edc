"""What the environment tells each process of Innkeep."""

import os
from collections.abc import Mapping

from innkeep_processes.plan import COMMAND_API, PREFERRED_PORTS
from innkeep_processes.state import StackState
from local_stack.free_port import free_port, is_free
from local_stack.server import Server

DATABASE = "innkeep"


def choose_ports(names: list[str], state: StackState) -> dict[str, int]:
    """Give each process its port: the one that it has, else the well-known one, else a free one."""
    ports: dict[str, int] = {}
    for name in names:
        known = state.services.get(name)
        if known is not None and known.process.alive():
            ports[name] = known.port
            continue
        wanted = [port for port in (PREFERRED_PORTS.get(name), known.port if known else None) if port is not None]
        ports[name] = next((port for port in wanted if is_free(port)), None) or free_port()
    return ports


def environment_of(port: int, servers: Mapping[str, Server], ports: Mapping[str, int]) -> dict[str, str]:
    """Build the settings of the process on that port; other INNKEEP_ variables of the caller go through."""
    callers = {name: value for name, value in os.environ.items() if name.startswith("INNKEEP_")}
    return {
        "INNKEEP_LOG_LEVEL": "info",
        **callers,
        "INNKEEP_POSTGRES_URL": servers["postgresql"].url,
        "INNKEEP_RABBITMQ_URL": servers["rabbitmq"].url,
        "INNKEEP_MONGODB_URL": servers["document-store"].url,
        "INNKEEP_MONGODB_DATABASE": DATABASE,
        "INNKEEP_COMMAND_API_URL": f"http://127.0.0.1:{ports[COMMAND_API]}",
        "INNKEEP_HOST": "127.0.0.1",
        "INNKEEP_PORT": str(port),
        "INNKEEP_ENVIRONMENT": "development",
    }
