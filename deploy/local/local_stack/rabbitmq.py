"""One private RabbitMQ: a node, an epmd, a cookie and data of its own under one directory.

Everything listens on 127.0.0.1 only. Nothing of a RabbitMQ or epmd that the system runs is used or disturbed.
"""

import secrets
import signal
import socket
import subprocess
from functools import partial
from pathlib import Path

from local_stack.free_port import free_port, is_free
from local_stack.private_file import password_in, write_private
from local_stack.process import Process, record, recorded, spawn
from local_stack.server import COMPANION, LOG, Server, StartFailed, choose_port, environment_for, launch
from local_stack.waiting import until

NAME = "RabbitMQ"
CONTROL_SECONDS = 60.0
_EPMD_SECONDS = 10.0
_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_SETTINGS = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = innkeep
default_pass = {password}
default_vhost = innkeep
default_user_tags.administrator = false
log.console = true
log.console.level = info
log.file = false
vm_memory_high_watermark.absolute = 2GB
"""
_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"
_GREETING = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"


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
        url=f"amqp://innkeep:{password_in(directory / 'innkeep.password')}@127.0.0.1:{chosen}/innkeep",
        graceful=signal.SIGTERM,
        launch=partial(_launch, directory, chosen),
    )


def control(server: Server, *arguments: str) -> str:
    """Run rabbitmqctl against that server and return what it printed. May raise CalledProcessError."""
    done = subprocess.run(
        [str(_script("rabbitmqctl")), "--quiet", *arguments],
        env=_environment(server.directory),
        cwd=server.directory,
        capture_output=True,
        text=True,
        timeout=CONTROL_SECONDS,
        check=True,
    )
    return done.stdout


def _launch(directory: Path, port: int) -> None:
    _prepare(directory)
    settings = _SETTINGS.format(port=port, password=password_in(directory / "innkeep.password"))
    write_private(directory / "rabbitmq.conf", settings)
    server = [str(_script("rabbitmq-server"))]
    epmd = _ensure_epmd(directory)
    try:
        launch(NAME, server, directory, _environment(directory), partial(_ready, port))
    except StartFailed:
        epmd.kill()
        raise


def _prepare(directory: Path) -> None:
    """Make, once, what names the node and lets the command line in; the data belongs to the name."""
    if not (directory / "node").exists():
        write_private(directory / ".erlang.cookie", secrets.token_hex(20), 0o400)
        (directory / "enabled_plugins").write_text("[].\n")
        write_private(directory / "node", f"innkeep-{secrets.token_hex(4)}@localhost")


def _ensure_epmd(directory: Path) -> Process:
    """Start the port mapper of this node alone; `Server.stop` ends it as the companion."""
    running = recorded(directory / COMPANION)
    if running is not None and running.alive():
        return running
    for purpose in ("epmd", "distribution"):
        _choose(directory, purpose)
    port = _chosen(directory, "epmd")
    command = ["epmd", "-address", "127.0.0.1", "-port", str(port)]
    process = spawn(command, directory=directory, log=directory / LOG, environment=_environment(directory))
    record(process, directory / COMPANION)
    if not until(lambda: _answers(port, b""), _EPMD_SECONDS):
        process.kill()
        msg = f"epmd did not listen on port {port}: see {directory / LOG}."
        raise StartFailed(msg)
    return process


def _choose(directory: Path, purpose: str) -> None:
    file = directory / f"{purpose}.port"
    if not file.exists() or not is_free(int(file.read_text())):
        write_private(file, str(free_port()))


def _chosen(directory: Path, purpose: str) -> int:
    return int((directory / f"{purpose}.port").read_text())


def _environment(directory: Path) -> dict[str, str]:
    """Point every path and port of RabbitMQ's scripts below the directory, away from the system's own."""
    return environment_for(
        directory,
        ERL_EPMD_ADDRESS="127.0.0.1",
        ERL_EPMD_PORT=str(_chosen(directory, "epmd")),
        RABBITMQ_CONFIG_FILE=str(directory / "rabbitmq.conf"),
        RABBITMQ_CONFIG_FILES=str(directory / "no-more-configuration"),
        RABBITMQ_ADVANCED_CONFIG_FILE=str(directory / "advanced.config"),
        RABBITMQ_CONF_ENV_FILE=str(directory / "no-environment"),
        RABBITMQ_CTL_ERL_ARGS=_LOOPBACK,
        RABBITMQ_DIST_PORT=str(_chosen(directory, "distribution")),
        RABBITMQ_ENABLED_PLUGINS_FILE=str(directory / "enabled_plugins"),
        RABBITMQ_FEATURE_FLAGS_FILE=str(directory / "feature_flags"),
        RABBITMQ_GENERATED_CONFIG_DIR=str(directory / "generated"),
        RABBITMQ_LOGS="-",
        RABBITMQ_LOG_BASE=str(directory / "log"),
        RABBITMQ_MNESIA_BASE=str(directory / "mnesia"),
        RABBITMQ_NODENAME=(directory / "node").read_text(),
        RABBITMQ_PID_FILE=str(directory / "rabbitmq.pid"),
        RABBITMQ_PLUGINS_EXPAND_DIR=str(directory / "plugins"),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=_LOOPBACK,
        # Makes the script become the server, so that the process we started is the one to signal.
        RUNNING_UNDER_SYSTEMD="true",
    )


def _ready(port: int, _process: Process) -> bool:
    return _answers(port, _GREETING)


def _answers(port: int, greeting: bytes) -> bool:
    """Tell whether the port takes a connection and, to a greeting, begins the AMQP handshake."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(greeting)
            return not greeting or connection.recv(1) == _METHOD_FRAME
    except OSError:
        return False


def _script(name: str) -> Path:
    """Find RabbitMQ's own script: Debian's wrapper of it on PATH becomes another user and forgets the environment."""
    script = _SCRIPTS / name
    if not script.exists():
        msg = "RabbitMQ is not installed: install Debian's rabbitmq-server."
        raise StartFailed(msg)
    return script
