"""What the running containers must do and be: one function a promise, in the order in which they are proved."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from container_stack.compose import PROCESSES, STORES, Project
from container_stack.engine import BASE_IMAGES, ROOT, EngineError, inspect, run
from container_stack.example import BOOKING, OPENING
from container_stack.front_desk import FrontDesk, NotAsPromisedError
from container_stack.hardening import faults, kernel_faults

BACKUP: Final = ROOT / "deploy" / "containers" / "backup"
MADE_AGAIN_SECONDS: Final = 60.0
MOST_ADDED_MEGABYTES: Final = 100
# Each prints what an image should not hold.
SEARCHES: Final = (
    ["sh", "-c", "command -v cc gcc g++ make git curl uv; :"],
    ["python", "-c", "import importlib.util as u; print(*filter(u.find_spec, ['pip', 'setuptools', 'flit_core']))"],
    ["find", "/opt/venv", "-user", "10001"],
)
PORTS: Final = {"postgres": 5432, "rabbitmq": 5672, "mongodb": 27017}
REACH: Final = {
    "command-api": {"postgres"},
    "relay": {"postgres", "rabbitmq"},
    "worker": {"postgres", "rabbitmq"},
    "query-api": {"mongodb"},
    "projector": {"mongodb", "rabbitmq"},
}
# Prints those of the addresses that take a connection.
CONNECT: Final = """
import socket, sys
for address in sys.argv[1:]:
    try:
        socket.create_connection((address.split(":")[0], int(address.split(":")[1])), 1).close()
        print(address)
    except OSError:
        pass
"""


@dataclass(slots=True)
class Proof:
    """The containers under proof, a client of theirs, and the reservations that must be there."""

    project: Project
    desk: FrontDesk
    reservations: list[str] = field(default_factory=list)

    def book(self) -> None:
        """Book a room, wait for the outcome, and read it back."""
        command_id = self.desk.send("book-room", BOOKING)
        self.desk.succeed(command_id)
        self.reservations.append(command_id)
        self.read_back()

    def read_back_in_time(self) -> None:
        """Read every reservation, as soon as the documents are made again."""
        deadline = time.monotonic() + MADE_AGAIN_SECONDS
        while True:
            try:
                return self.read_back()
            except NotAsPromisedError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(1)

    def read_back(self) -> None:
        """Read every reservation from the query service."""
        for reservation_id in self.reservations:
            found = self.desk.reservation(reservation_id)
            if found["status"] != "confirmed" or not BOOKING["stay"].items() <= found["stay"].items():
                raise NotAsPromisedError(f"the query service shows {found}")


def a_room_is_booked(proof: Proof) -> None:
    """A hotel opens, a room is booked, and the query service shows the reservation."""
    proof.desk.succeed(proof.desk.send("open-hotel", OPENING))
    proof.book()


def containers_are_confined(proof: Proof) -> None:
    """No container runs as root, writes its root, has a capability, lacks a limit or is published beyond 127.0.0.1."""
    found = []
    for service in (*STORES, *PROCESSES):
        status = proof.project.compose("exec", "-T", service, "cat", "/proc/1/status")
        wrong = [*faults(proof.project.container(service)), *kernel_faults(status)]
        found += [f"{service}: {fault}" for fault in wrong]
    for service in ("command-migrate", "query-migrate"):
        found += [f"{service}: {fault}" for fault in faults(proof.project.container(service))]
    if found:
        raise NotAsPromisedError("; ".join(found))


def images_hold_no_tools(proof: Proof) -> None:
    """Our images hold no installer, compiler or client, and nobody of ours owns what they run."""
    for image in _images(proof.project):
        for search in SEARCHES:
            found = run(["docker", "run", "--rm", "--network=none", image, *search]).split()
            if found:
                raise NotAsPromisedError(f"{image} holds {found}")


def images_are_small(proof: Proof) -> None:
    """Each of our images adds at most 100 MB to the Python that it is built on."""
    images = _images(proof.project)
    base, *ours = (image["Size"] / 1e6 for image in inspect([BASE_IMAGES[0], *images]))
    added = {image: size - base for image, size in zip(images, ours, strict=True)}
    print(*(f"  {image}: {megabytes:.0f} MB on {base:.0f}" for image, megabytes in added.items()), sep="\n", flush=True)
    if max(added.values()) > MOST_ADDED_MEGABYTES:
        raise NotAsPromisedError(f"our images add more than {MOST_ADDED_MEGABYTES} MB")


def sides_are_apart(proof: Proof) -> None:
    """The read side cannot reach PostgreSQL, the write side cannot reach MongoDB, no API reaches RabbitMQ."""
    stores = {
        f"{network['IPAddress']}:{port}": store
        for store, port in PORTS.items()
        for network in proof.project.container(store)["NetworkSettings"]["Networks"].values()
    }
    for process, expected in REACH.items():
        answered = proof.project.compose("exec", "-T", process, "python", "-c", CONNECT, *stores).split()
        reached = {stores[address] for address in answered}
        if reached != expected:
            raise NotAsPromisedError(f"{process} reaches {sorted(reached)}, not {sorted(expected)}")


def rows_only(proof: Proof) -> None:
    """The account of the processes reads and writes rows of PostgreSQL, and cannot change what holds them."""
    account = '"postgresql://innkeep:$INNKEEP_PASSWORD@127.0.0.1/innkeep"'
    shell = ["exec", "-T", "postgres", "sh", "-c"]
    proof.project.compose(*shell, f"psql {account} -c 'TABLE event'")
    for statement in ("DROP TABLE event", "TRUNCATE event", "CREATE TABLE own ()", "CREATE ROLE other"):
        if _succeeds(proof.project, *shell, f"psql {account} -c '{statement}'"):
            raise NotAsPromisedError(f"the account of the processes may {statement}")


def a_killed_worker_loses_nothing(proof: Proof) -> None:
    """A booking made while the worker is dead is accepted, waits, and succeeds once the worker is back."""
    proof.project.compose("kill", "--signal", "SIGKILL", "worker")
    if proof.project.container("worker")["State"]["Running"]:
        raise NotAsPromisedError("the worker outlives SIGKILL")
    waiting = proof.desk.send("book-room", BOOKING)
    if (status := proof.desk.status(waiting, wait=2)) != "accepted":
        raise NotAsPromisedError(f"without a worker a booking is {status}")
    proof.project.compose("start", "worker")
    proof.desk.succeed(waiting)
    proof.reservations.append(waiting)
    proof.book()


def processes_end_by_themselves(proof: Proof) -> None:
    """Told to stop, each process finishes what it has in hand and ends with 0 before it is killed."""
    proof.project.compose("stop", *PROCESSES)
    codes = {process: proof.project.container(process)["State"]["ExitCode"] for process in PROCESSES}
    if any(codes.values()):
        raise NotAsPromisedError(f"they ended with {codes}")


def data_outlives_containers(proof: Proof) -> None:
    """After all containers are removed and made anew, every reservation is there and another room is booked."""
    proof.project.compose("rm", "--stop", "--force", "--volumes")
    proof.project.up()
    proof.desk.command_api, proof.desk.query_api = proof.project.url("command-api"), proof.project.url("query-api")
    proof.read_back()
    proof.desk.succeed(proof.desk.send("cancel-reservation", {"reservation_id": proof.reservations.pop()}))
    proof.book()


def a_backup_brings_everything_back(proof: Proof) -> None:
    """After a restore every reservation of the backup is there, one made later is not, and another room is booked."""
    if not _dumps_its_own_version(proof.project):
        print("  SKIPPED: this image of PostgreSQL has no pg_dump of its server's version, as the real one has")
        return
    with tempfile.TemporaryDirectory() as directory:
        file = str(Path(directory) / "innkeep.dump")
        _backup(proof.project, "take", file)
        at_backup = proof.desk.position
        later = proof.desk.send("book-room", BOOKING)
        proof.desk.succeed(later)
        _backup(proof.project, "restore", file)
    proof.desk.command_api, proof.desk.query_api = proof.project.url("command-api"), proof.project.url("query-api")
    proof.desk.position = at_backup
    proof.read_back_in_time()
    proof.desk.unknown(later)
    proof.book()


def _images(project: Project) -> list[str]:
    return [f"{project.name}-command-service", f"{project.name}-query-service"]


def _dumps_its_own_version(project: Project) -> bool:
    in_postgres = ["exec", "-T", "postgres"]
    try:
        dump, server = (project.compose(*in_postgres, name, "--version").split() for name in ("pg_dump", "postgres"))
    except EngineError:
        return False
    return dump[2].partition(".")[0] == server[2].partition(".")[0]


def _backup(project: Project, task: str, file: str) -> None:
    chosen = {"COMPOSE_PROJECT_NAME": project.name, "COMPOSE_ENV_FILES": str(project.settings)}
    run([str(BACKUP), task, file], {**project.environment, **chosen})


def _succeeds(project: Project, *arguments: str) -> bool:
    try:
        project.compose(*arguments)
    except EngineError:
        return False
    return True


PROMISES: Final[tuple[Callable[[Proof], None], ...]] = (
    a_room_is_booked,
    containers_are_confined,
    images_hold_no_tools,
    images_are_small,
    sides_are_apart,
    rows_only,
    a_killed_worker_loses_nothing,
    processes_end_by_themselves,
    data_outlives_containers,
    a_backup_brings_everything_back,
)
