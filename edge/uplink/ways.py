"""The ways to the broker, in the order in which they are tried. Pure.

Some networks block the port of MQTT and let WebSocket through to 443. So the nodes are tried in
turn, then the same over WebSocket; what worked last is where the next try begins.
"""

from dataclasses import dataclass
from typing import Literal

from wire.enrolment import BrokerAddress

Transport = Literal["tcp", "websockets"]


@dataclass(frozen=True, slots=True)
class Way:
    """One address of the broker and how it is spoken to."""

    host: str
    port: int
    transport: Transport = "tcp"
    tls: bool = False

    def __str__(self) -> str:
        kind = " over WebSocket" if self.transport == "websockets" else ""
        return f"{self.host}:{self.port}{kind}"


def ways_to(broker: BrokerAddress) -> tuple[Way, ...]:
    """All ways that a table was told of, each once."""
    first: Transport = "websockets" if broker.transport == "websockets" else "tcp"
    told = [Way(node.host, node.port, first, broker.tls) for node in broker.nodes]
    told += [Way(node.host, node.port, "websockets", broker.tls) for node in broker.websockets]
    return tuple(dict.fromkeys(told))


class Turns:
    """Which way is next: each in turn, beginning with the kind that worked last."""

    def __init__(self, ways: tuple[Way, ...]) -> None:
        self._ways = ways
        self._order = list(ways)
        self._place = -1

    def next(self) -> Way:
        """The way of the next try."""
        self._place = (self._place + 1) % len(self._order)
        return self._order[self._place]

    def worked(self) -> None:
        """The last way led to the broker: its kind comes first from now on, the next node first."""
        used = self._order[self._place]
        turned = self._order[self._place + 1 :] + self._order[: self._place + 1]
        alike = [way for way in turned if way.transport == used.transport]
        others = [way for way in self._ways if way.transport != used.transport]
        self._order = alike + others
        self._place = -1
