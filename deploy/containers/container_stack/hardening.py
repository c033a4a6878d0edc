"""What a container may not be or have, read from what the engine and the kernel say about it."""

from collections.abc import Iterator
from typing import Any, Final

LOOPBACK: Final = "127.0.0.1"


def faults(container: dict[str, Any]) -> list[str]:
    """What is wrong with a container by the engine's own account of it (``docker inspect``)."""
    return list(_faults(container["Config"], container["HostConfig"]))


def _faults(config: dict[str, Any], host: dict[str, Any]) -> Iterator[str]:
    if config["User"].partition(":")[0] in {"", "0", "root"}:
        yield "its user is root"
    if not host["ReadonlyRootfs"]:
        yield "its root can be written"
    if host["Privileged"] or host["CapAdd"] or host["CapDrop"] != ["ALL"]:
        yield "it has capabilities"
    if "no-new-privileges:true" not in (host["SecurityOpt"] or []):
        yield "it may gain privileges"
    if not host["Memory"] or not host["PidsLimit"]:
        yield "its memory or its processes have no limit"
    if "host" in {host["NetworkMode"], host["PidMode"], host["IpcMode"]}:
        yield "it shares a namespace with the machine"
    bindings = [binding for published in (host["PortBindings"] or {}).values() for binding in published]
    if any(binding["HostIp"] != LOOPBACK for binding in bindings):
        yield "it publishes a port beyond this machine"


def kernel_faults(status: str) -> list[str]:
    """What is wrong with a process by the kernel's account of it (``/proc/PID/status``)."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    found = []
    if "0" in fields["Uid"].split() or "0" in fields["Gid"].split():
        found.append("it runs as root")
    if any(int(fields[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")):
        found.append("it holds capabilities")
    if fields["NoNewPrivs"].strip() != "1":
        found.append("it could gain privileges")
    return found
