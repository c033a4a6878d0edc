"""One private server of the MongoDB protocol: `mongod` where there is one, else the embedded document store.

Neither has access control: they listen on 127.0.0.1 and trust whoever is on this machine.
"""

import shutil
import signal
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from local_stack.document_store_build import MAIN_CLASS, built_class_path
from local_stack.process import Process
from local_stack.server import Server, choose_port, environment_for, launch

NAME = "The document store"
# Small and quiet beside the other servers on two cores: one collector thread, a bounded heap, little compiling.
_JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
# OP_MSG {ping: 1, $db: "admin"}: what drivers ask first.
_BODY = b"\x10ping\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
_DOCUMENT = (len(_BODY) + 4).to_bytes(4, "little") + _BODY
_OP_MSG = (2013).to_bytes(4, "little")
_PING = (len(_DOCUMENT) + 21).to_bytes(4, "little") + bytes(8) + _OP_MSG + bytes(5) + _DOCUMENT
_HEADER_LENGTH = 16


def start(directory: Path, port: int | None = None) -> Server:
    """Start a server, or return the one that runs there; data that is there is kept. May raise StartFailed."""
    server = at(directory, port)
    server.ensure_running()
    return server


def at(directory: Path, port: int | None = None) -> Server:
    """Return the server of that directory, running or not."""
    directory = directory.resolve()
    chosen = choose_port(directory, port)
    return Server(
        name=NAME,
        directory=directory,
        port=chosen,
        url=f"mongodb://127.0.0.1:{chosen}/",
        graceful=signal.SIGTERM,
        launch=partial(_launch, directory, chosen),
    )


def _launch(directory: Path, port: int) -> None:
    mongod = shutil.which("mongod")
    command = _mongod(mongod, directory, port) if mongod else _embedded(directory, port)
    launch(NAME, command, directory, environment_for(directory), partial(_ready, port))


def _mongod(mongod: str, directory: Path, port: int) -> Sequence[str]:
    data = directory / "mongod"
    data.mkdir(exist_ok=True)
    return [mongod, "--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", str(data), "--nounixsocket"]


def _embedded(directory: Path, port: int) -> Sequence[str]:
    file = str(directory / "documents.mv")
    return ["java", *_JAVA_OPTIONS, "-cp", built_class_path(), MAIN_CLASS, "127.0.0.1", str(port), file]


def _ready(port: int, _process: Process) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(_PING)
            return len(connection.recv(_HEADER_LENGTH)) > 0
    except OSError:
        return False
