"""Who listens where, as the kernel tells it."""

from pathlib import Path

LISTEN = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


def addresses_of(pid: int) -> set[tuple[str, int]]:
    """Return the addresses, in the kernel's hexadecimal, and ports on which a process listens."""
    sockets = _sockets_of(pid)
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == LISTEN and rest[5] in sockets:
                address, port = local.split(":")
                found.add((address, int(port, 16)))
    return found


def _sockets_of(pid: int) -> set[str]:
    links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
