"""How the machine is: temperature and power (edge-hardware 6.4). Read from files alone.

The firmware's bits are the same that ``vcgencmd get_throttled`` prints; the kernel of a Raspberry
Pi shows them as a file, so that no program has to be started for them.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

_SYS = Path("/sys")
_TEMPERATURE = "class/thermal/thermal_zone0/temp"
_THROTTLED = (
    "devices/platform/soc/soc:firmware/get_throttled",
    "devices/platform/soc@*/*firmware*/get_throttled",
)
_SINCE_BOOT = 16
"""Bits from here on: the same, at some time since the machine was started."""
_MEANINGS = (
    (0, "the power supply is too weak (undervoltage)"),
    (1, "the processor is slowed down for lack of power or for heat"),
    (2, "the processor is slowed down much"),
    (3, "the processor is hot"),
)


@dataclass(frozen=True, slots=True)
class Vitals:
    """None for what this machine does not tell."""

    temperature_c: float | None
    throttled_bits: int | None

    @property
    def faults(self) -> list[str]:
        """What is wrong now; undervoltage also when it was, because it shows in flashes."""
        return list(_faults(self.throttled_bits or 0))


def read_vitals(sys: Path = _SYS) -> Vitals:
    """Read them. Never fails."""
    millidegrees = _number(sys / _TEMPERATURE, base=10)
    found = (_number(path, base=16) for path in _candidates(sys))
    return Vitals(
        temperature_c=None if millidegrees is None else millidegrees / 1000,
        throttled_bits=next((bits for bits in found if bits is not None), None),
    )


class VitalsWatch:
    """Reads them again and again, and says in the log when a fault came or went."""

    def __init__(self, sys: Path = _SYS) -> None:
        self._sys = sys
        self._faults: list[str] = []

    def look(self) -> Vitals:
        """See ``read_vitals``. Two threads at once may say the same change twice."""
        vitals = read_vitals(self._sys)
        before, self._faults = self._faults, vitals.faults
        if vitals.faults != before:
            text = "; ".join(vitals.faults) or "all is well again"
            ids = {"state": text, "temperature_c": vitals.temperature_c}
            logger.warning("power and heat", extra=ids)
        return vitals


def _candidates(sys: Path) -> Iterable[Path]:
    return (path for pattern in _THROTTLED for path in sys.glob(pattern))


def _number(path: Path, base: int) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").strip(), base)
    except (OSError, ValueError):
        return None


def _faults(bits: int) -> Iterator[str]:
    for number, meaning in _MEANINGS:
        if bits >> number & 1:
            yield meaning
    if bits >> _SINCE_BOOT & 1 and not bits & 1:
        yield "the power supply was too weak since the last start (undervoltage)"
