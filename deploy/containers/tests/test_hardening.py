from collections.abc import Callable
from typing import Any

import pytest
from container_stack.hardening import faults, kernel_faults

Container = dict[str, dict[str, Any]]

CONFINED_STATUS = """\
Name:\tpython
Uid:\t10001\t10001\t10001\t10001
Gid:\t10001\t10001\t10001\t10001
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
NoNewPrivs:\t1
"""


def confined() -> Container:
    return {
        "Config": {"User": "10001:10001"},
        "HostConfig": {
            "ReadonlyRootfs": True,
            "Privileged": False,
            "CapAdd": None,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "Memory": 1 << 28,
            "PidsLimit": 100,
            "NetworkMode": "innkeep_front",
            "PidMode": "",
            "IpcMode": "private",
            "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8410"}]},
        },
    }


def user(name: str) -> Callable[[Container], object]:
    return lambda container: container["Config"].update(User=name)


def host(**settings: object) -> Callable[[Container], object]:
    return lambda container: container["HostConfig"].update(settings)


def test_a_confined_container_has_no_faults() -> None:
    assert faults(confined()) == []
    assert kernel_faults(CONFINED_STATUS) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (user(""), "its user is root"),
        (user("0:0"), "its user is root"),
        (user("root"), "its user is root"),
        (host(ReadonlyRootfs=False), "its root can be written"),
        (host(Privileged=True), "it has capabilities"),
        (host(CapAdd=["NET_ADMIN"]), "it has capabilities"),
        (host(CapDrop=None), "it has capabilities"),
        (host(SecurityOpt=None), "it may gain privileges"),
        (host(Memory=0), "its memory or its processes have no limit"),
        (host(PidsLimit=None), "its memory or its processes have no limit"),
        (host(PidMode="host"), "it shares a namespace with the machine"),
        (host(PortBindings={"8080/tcp": [{"HostIp": ""}]}), "it publishes a port beyond this machine"),
        (host(PortBindings={"8080/tcp": [{"HostIp": "0.0.0.0"}]}), "it publishes a port beyond this machine"),  # noqa: S104
    ],
)
def test_each_fault_of_a_container_is_seen(spoil: Callable[[Container], object], fault: str) -> None:
    container = confined()
    spoil(container)
    assert faults(container) == [fault]


@pytest.mark.parametrize(
    ("line", "spoiled", "fault"),
    [
        ("Uid:\t10001\t10001", "Uid:\t10001\t0", "it runs as root"),
        ("CapEff:\t0000000000000000", "CapEff:\t0000000000000400", "it holds capabilities"),
        ("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb", "it holds capabilities"),
        ("NoNewPrivs:\t1", "NoNewPrivs:\t0", "it could gain privileges"),
    ],
)
def test_each_fault_of_a_process_is_seen(line: str, spoiled: str, fault: str) -> None:
    assert kernel_faults(CONFINED_STATUS.replace(line, spoiled)) == [fault]
