"""A foot pedal made of uinput: its kernel device is like any other."""

import threading
import time
from typing import Any

from evdev import UInput, ecodes

VENDOR, PRODUCT = 0x0C45, 0x7403
KEYS = ("KEY_F1", "KEY_F2", "KEY_F4", "KEY_ESC", "KEY_A", "KEY_B", "KEY_C", "KEY_ENTER")


class Pedal:
    """Plugged in from the start."""

    def __init__(self) -> None:
        self._device: UInput | None = None
        self.plug({"plugged": True})

    def plug(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Plugs it in (``plugged``) or pulls it out."""
        if ask["plugged"] and self._device is None:
            events = {ecodes.EV_KEY: [ecodes.ecodes[name] for name in KEYS]}
            self._device = UInput(
                events,
                name="Virtual FootSwitch",
                vendor=VENDOR,
                product=PRODUCT,
                phys="usb-virtual-1.3/input0",
            )
        elif not ask["plugged"] and self._device is not None:
            self._device.close()
            self._device = None
        return {"at_ns": time.monotonic_ns()}

    def press(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Presses ``key`` and lets go after ``hold_ms``."""
        if self._device is None:
            raise RuntimeError("the pedal is not plugged in")
        code = ecodes.ecodes[f"KEY_{ask['key']}"]
        at_ns = time.monotonic_ns()
        self._device.write(ecodes.EV_KEY, code, 1)
        self._device.syn()
        threading.Event().wait(ask.get("hold_ms", 40) / 1000)
        self._device.write(ecodes.EV_KEY, code, 0)
        self._device.syn()
        return {"at_ns": at_ns}
