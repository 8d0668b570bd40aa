"""How a setting names a device: by its port, its model, its name, or ``auto``. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from edge.scanner.binding import Plugged

_MODEL = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_HELP = "write auto, port:NAME, model:VVVV:PPPP or name:TEXT (packwitness-edge scan-test shows all)"


class By(StrEnum):
    """What a device is known by."""

    AUTO = "auto"
    PORT = "port"
    MODEL = "model"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Selector:
    """Names one device, whatever is plugged in beside it."""

    by: By
    value: str = ""

    def matches(self, device: Plugged) -> bool:
        """Whether this is the device; ``auto`` names none."""
        match self.by:
            case By.PORT:
                links = (link for node in device.nodes for link in node.links)
                return self.value in {device.port, *links}
            case By.MODEL:
                return self.value == device.model
            case By.NAME:
                return self.value.casefold() == device.name.casefold()
            case By.AUTO:
                return False

    def __str__(self) -> str:
        return f"{self.by}:{self.value}" if self.value else str(self.by)


def parse_selector(text: str) -> Selector:
    """Read a setting such as ``port:usb-0000:01:00.0-1.2``, ``model:0c45:7403`` or ``auto``.

    A port is what scan-test shows, or a name in /dev/input/by-path.

    Raises:
        ValueError: it names no device; the text says how to write it.
    """
    plain = text.strip()
    if plain == By.AUTO:
        return Selector(By.AUTO)
    kind, _, value = plain.partition(":")
    value = value.strip()
    if kind not in set(By) - {By.AUTO} or not value:
        raise ValueError(f"{text!r} names no device: {_HELP}")
    if kind == By.PORT:
        value = value.rpartition("/by-path/")[2]
    elif kind == By.MODEL:
        value = value.lower()
        if not _MODEL.fullmatch(value):
            raise ValueError(f"{text!r} is no model: {_HELP}")
    return Selector(By(kind), value)
