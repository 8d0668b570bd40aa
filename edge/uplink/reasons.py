"""MQTT 5 reason codes: their names for logs, and what they mean for us. Pure."""

from enum import Enum, auto
from typing import Final

NOT_AUTHORIZED: Final = 0x87
TAKEN_OVER: Final = 0x8E
TOO_LARGE: Final = 0x95
NOT_THIS_PASSWORD: Final = frozenset({0x86, NOT_AUTHORIZED})
"""Reasons that say that the broker does not take this table's credentials."""
QUOTA: Final = 0x97
NO_SUBSCRIBERS: Final = 0x10

_NAMES: Final = {
    0x04: "disconnect with will",
    NO_SUBSCRIBERS: "no matching subscribers",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client identifier not valid",
    0x86: "bad user name or password",
    NOT_AUTHORIZED: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep alive timeout",
    TAKEN_OVER: "session taken over by another connection with this device id",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    0x93: "receive maximum exceeded",
    0x94: "topic alias invalid",
    TOO_LARGE: "packet too large",
    0x96: "message rate too high",
    QUOTA: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9B: "QoS not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9F: "connection rate exceeded",
}


_ENROL_AGAIN: Final = "this table's credentials are not accepted (any more): enrol it again"
_TO_DO: Final = {
    NO_SUBSCRIBERS: "the cloud is not connected to its broker; photos wait on this table",
    0x84: "the broker has to speak MQTT 5",
    0x85: _ENROL_AGAIN,
    0x86: _ENROL_AGAIN,
    NOT_AUTHORIZED: (
        "if this table was revoked, enrol it again; else let the broker's access list give it its "
        "own up/# to write and its own down/# to read"
    ),
    TAKEN_OVER: "a second device has the identity of this table: enrol one of the two again",
    TOO_LARGE: "raise the broker's limit of packet or message size",
    QUOTA: "raise the broker's limits of queues or rates, or let it work off what waits",
}


class Verdict(Enum):
    """What a PUBACK's reason code means for the message."""

    TAKEN = auto()
    """The broker has it. Not a receipt: that comes from the cloud."""
    LATER = auto()
    """Nothing is wrong with the message; the broker or the cloud cannot take it now."""
    BAD = auto()
    """This message is refused; repeating it as it is will not help."""


_LATER = frozenset({NO_SUBSCRIBERS, 0x80, 0x83, 0x88, 0x89, 0x91, 0x93, 0x96, QUOTA})


def name(code: int) -> str:
    """Name and number, for logs: "packet too large (0x95)"."""
    return f"{_NAMES.get(code, 'unknown reason')} (0x{code:02X})"


def explained(code: int) -> str:
    """Name, number and what a person can do, for a line in the log."""
    to_do = _TO_DO.get(code)
    return f"{name(code)}: {to_do}" if to_do else name(code)


def puback_verdict(code: int) -> Verdict:
    """Judge the reason code of a PUBACK."""
    if code in _LATER:
        return Verdict.LATER
    return Verdict.BAD if code >= 0x80 else Verdict.TAKEN
