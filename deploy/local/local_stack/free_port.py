"""TCP ports on 127.0.0.1 that nobody listens on."""

import random
import socket

# Below what Linux hands out to outgoing connections, so that no client takes the port of a server that restarts.
LOWEST, HIGHEST = 15_000, 29_999
TRIES = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port right now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Choose a port at random; nothing reserves it until the caller listens."""
    chance = random.SystemRandom()
    for _ in range(TRIES):
        port = chance.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
    msg = f"No free port between {LOWEST} and {HIGHEST} on 127.0.0.1 after {TRIES} tries: stop some servers."
    raise RuntimeError(msg)
