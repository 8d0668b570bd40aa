"""What the one who tests does at the virtual table: scans, presses, plugs in and out."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.virtual_table.uml_machine import Machine, MachineError

Keyboard = Literal["scanner", "other"]
"""Two USB keyboards of the same make; only ``scanner`` is plugged in at the start."""


@dataclass(frozen=True, slots=True)
class Typed:
    """CLOCK_MONOTONIC of the guest, of the first key and after the last."""

    began_ns: int
    ended_ns: int


class Hands:
    """Acts at once; what the table makes of it is to be seen at the light."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def scan(
        self, code: str, keyboard: Keyboard = "scanner", *, end: str = "\n", gap_ms: float = 10
    ) -> Typed:
        """Read a barcode: its characters are typed, and what the scanner sends at the end."""
        said = self._do("type", gadget=keyboard, text=code + end, gap_ms=gap_ms)
        return Typed(int(said["began_ns"]), int(said["ended_ns"]))

    def key_of(self, keyboard: Keyboard, key: str) -> None:
        """Press a function key, such as F1, at a USB keyboard."""
        self._do("type", gadget=keyboard, key=key)

    def press(self, key: str, *, hold_ms: int = 40) -> int:
        """Press a key of the pedal, such as F1 or F4; CLOCK_MONOTONIC of the guest, in ns."""
        return int(self._do("press", key=key, hold_ms=hold_ms)["at_ns"])

    def plug(self, keyboard: Keyboard, *, plugged: bool) -> int:
        """Plug a USB keyboard in, or pull it out."""
        return int(self._do("plug", gadget=keyboard, plugged=plugged)["at_ns"])

    def plug_pedal(self, *, plugged: bool) -> int:
        """Plug the pedal in, or pull it out."""
        return int(self._do("plug-pedal", plugged=plugged)["at_ns"])

    def _do(self, action: str, **words: object) -> dict[str, Any]:
        status, said = self._machine.ask(json.dumps({"do": action, **words}), "json")
        if status != 0:
            raise MachineError(f"{action} {words}: {said}")
        answer: dict[str, Any] = json.loads(said)
        return answer
