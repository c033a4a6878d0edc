"""`down`: everything that `up` started is ended, in the order in which nothing is lost or restarted behind our back."""

import shutil
from collections.abc import Callable

from innkeep_processes import servers, services
from innkeep_processes.places import Places
from innkeep_processes.plan import in_order_of_ending
from innkeep_processes.state import StackState, load, locked

Tell = Callable[[str], None]


def down(places: Places, tell: Tell) -> None:
    """End the stack: the supervisor, the APIs, the other processes, the servers. Data stays."""
    if not places.lock.exists():
        tell("nothing was started here")
        return
    with locked(places):
        state = load(places.state)
        if state.supervisor is not None:
            _tell(tell, "supervisor", in_time=services.finish(state.supervisor))
            state.supervisor = None
        for name in in_order_of_ending(list(state.services)):
            _tell(tell, name, in_time=services.finish(state.services.pop(name).process))
            state.save(places.state)
        for name, server in servers.known(places).items():
            if server.running():
                _tell(tell, name, in_time=server.stop())
        StackState().save(places.state)


def purge(places: Places, tell: Tell) -> None:
    """Delete all data and logs of a stack that is down; the built document store stays."""
    for folder in (places.data, places.logs):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (places.state, places.lock):
        file.unlink(missing_ok=True)
    tell(f"deleted the data below {places.folder}")


def _tell(tell: Tell, name: str, *, in_time: bool) -> None:
    tell(f"{name:<16}{'stopped' if in_time else 'did not stop in time and was killed'}")
