"""`up`: everything that should run and does not is started; what runs stays."""

import time
from collections.abc import Callable, Mapping

from innkeep_processes import servers, services
from innkeep_processes.health import Health, health_of
from innkeep_processes.places import Places
from innkeep_processes.plan import MIGRATIONS, PREFERRED_PORTS, Planned, plan
from innkeep_processes.settings import choose_ports, environment_of
from innkeep_processes.state import ServerEntry, Service, StackState, load, locked
from local_stack import packages
from local_stack.server import Server, StartFailed
from local_stack.waiting import until

READY_SECONDS = 120.0
ASK_SECONDS = 0.1
GIVE_UP_RESTARTS = 3

Tell = Callable[[str], None]


def up(places: Places, tell: Tell) -> StackState:
    """Start the stack; returns once every process is ready. May raise StartFailed or PackagesMissing."""
    planned = plan()
    for script in MIGRATIONS:
        services.script(script)
    installed = packages.ensure_installed()
    tell(f"packages        installed {', '.join(installed)}" if installed else "packages        all there")
    places.make()
    with locked(places):
        state = load(places.state)
        running = _start_servers(places, state, tell)
        _start_services(places, state, planned, running, tell)
        _ensure_supervisor(places, state, tell)
    _await_ready(places, state, tell)
    return load(places.state)


def _start_servers(places: Places, state: StackState, tell: Tell) -> dict[str, Server]:
    ran = {name for name, server in servers.known(places).items() if server.running()}
    began = time.monotonic()
    running = servers.start_all(places)
    for name, server in running.items():
        what = "runs" if name in ran else f"started in {time.monotonic() - began:.1f} s"
        tell(f"{name:<16}{what}, 127.0.0.1:{server.port}, process {server.pid}")
        state.servers[name] = ServerEntry(server.pid, server.port, server.url)
    state.save(places.state)
    return running


def _start_services(
    places: Places, state: StackState, planned: list[Planned], running: Mapping[str, Server], tell: Tell
) -> None:
    ports = choose_ports([each.name for each in planned], state)
    wanted = {
        each.name: Service(
            each.script, each.command, ports[each.name], environment_of(ports[each.name], running, ports)
        )
        for each in planned
    }
    for name in [name for name, service in state.services.items() if not _as_wanted(service, wanted.get(name))]:
        services.finish(state.services.pop(name).process)
        tell(f"{name:<16}ended or outdated")
    missing = {name: service for name, service in wanted.items() if name not in state.services}
    if missing:
        _migrate(places, next(iter(wanted.values())).environment, tell)
    for name, service in wanted.items():
        if name in missing:
            services.begin(places, name, service)
            state.services[name] = service
            state.save(places.state)
        what = "started" if name in missing else "runs"
        tell(f"{name:<16}{what}, {service.url}, process {state.services[name].pid}{_note(name, service.port)}")


def _as_wanted(service: Service, wanted: Service | None) -> bool:
    return wanted is not None and service.environment == wanted.environment and service.process.alive()


def _note(name: str, port: int) -> str:
    preferred = PREFERRED_PORTS.get(name, port)
    return "" if port == preferred else f" (another program has port {preferred})"


def _migrate(places: Places, environment: Mapping[str, str], tell: Tell) -> None:
    for service in MIGRATIONS:
        services.migrate(places, service, environment)
        tell(f"{'migrations':<16}{service} is up to date")


def _ensure_supervisor(places: Places, state: StackState, tell: Tell) -> None:
    runs = state.supervisor is not None and state.supervisor.alive()
    if not runs:
        state.supervisor = services.supervise(places)
        state.save(places.state)
    tell(
        f"{'supervisor':<16}{'runs' if runs else 'started'}, process {state.supervisor.pid if state.supervisor else 0}"
    )


def _await_ready(places: Places, state: StackState, tell: Tell) -> None:
    """Wait for all of them; one that the supervisor has had to restart again and again is not waited for."""
    restarts = {name: service.restarts for name, service in state.services.items()}
    waiting = dict(state.services)
    last: dict[str, Health] = {}

    def settled() -> bool:
        for name, service in list(waiting.items()):
            last[name] = health_of(service.port)
            if last[name].ready:
                del waiting[name]
                tell(f"{name:<16}ready")
        return not waiting or bool(_failing(places, restarts))

    if until(settled, READY_SECONDS, ASK_SECONDS) and not waiting:
        return
    guilty = _failing(places, restarts) or list(waiting)
    what = f"{guilty[0]} is not ready ({last[guilty[0]].missing})."
    raise StartFailed(services.with_log(what, places.log_of(guilty[0])))


def _failing(places: Places, before: Mapping[str, int]) -> list[str]:
    now = load(places.state).services
    return [name for name, count in before.items() if now[name].restarts - count >= GIVE_UP_RESTARTS]
