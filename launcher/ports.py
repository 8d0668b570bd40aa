"""The ports of the programs: chosen by people, or free ones."""

import socket
from dataclasses import dataclass

from launcher.errors import PortTaken

HOST = "127.0.0.1"
_TRIED = 100


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the programs listen, all of them on this machine alone."""

    web: int = 8080
    broker: int = 18830
    sandbox: int = 8790


WHAT = {
    "web": "the pages of the cloud",
    "broker": "the broker that tables connect to",
    "sandbox": "the marketplace to try with",
}
"""What each port is for, for people."""


def variable(name: str) -> str:
    """The environment variable that sets a port."""
    return f"PACKWITNESS_{name.upper()}_PORT"


def refuse_taken(ports: Ports) -> None:
    """Look whether all ports are free.

    Raises:
        PortTaken: one is not; the text says what to type to take another.
    """
    for name, purpose in WHAT.items():
        port: int = getattr(ports, name)
        if not is_free(port):
            raise PortTaken(
                f"port {port} ({purpose}) is taken. Stop the program that has it, or take "
                f"another: {variable(name)}={_free_above(port)} make run"
            )


def free_ports() -> Ports:
    """Three ports that nobody has now."""
    probes = [socket.socket() for _ in range(3)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        web, broker, sandbox = (int(probe.getsockname()[1]) for probe in probes)
    finally:
        for probe in probes:
            probe.close()
    return Ports(web, broker, sandbox)


def is_free(port: int) -> bool:
    """Whether a program could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_above(port: int) -> int:
    candidates = range(port + 1, min(port + _TRIED, 65_536))
    return next((one for one in candidates if is_free(one)), 0)
