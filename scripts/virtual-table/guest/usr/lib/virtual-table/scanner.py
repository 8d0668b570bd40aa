"""A USB keyboard as its own other end: what is written here, the kernel's HID driver reads."""

import threading
import time
from pathlib import Path
from typing import Any

import keys

GADGETS = Path("/sys/kernel/config/usb_gadget")
PORTS = {"scanner": "dummy_udc.0", "other": "dummy_udc.1"}
NOTHING = bytes(8)


def type_text(ask: dict[str, Any]) -> dict[str, Any]:
    """Types ``text`` key by key, ``gap_ms`` apart, or presses one function ``key``."""
    device = _device(ask.get("gadget", "scanner"))
    gap_s = ask.get("gap_ms", 4) / 1000
    usages = [keys.usage(one) for one in ask.get("text", "")]
    if "key" in ask:
        usages.append((0, keys.FUNCTION_KEYS[ask["key"]]))
    pace = threading.Event()
    began_ns = time.monotonic_ns()
    with device.open("wb", buffering=0) as reports:
        for modifiers, usage in usages:
            reports.write(bytes((modifiers, 0, usage, 0, 0, 0, 0, 0)))
            reports.write(NOTHING)
            pace.wait(gap_s)
    return {"began_ns": began_ns, "ended_ns": time.monotonic_ns()}


def plug(ask: dict[str, Any]) -> dict[str, Any]:
    """Plugs a keyboard in (``plugged``) or pulls it out."""
    name = ask.get("gadget", "scanner")
    (GADGETS / name / "UDC").write_text(PORTS[name] + "\n" if ask["plugged"] else "\n")
    return {"at_ns": time.monotonic_ns()}


def _device(gadget: str) -> Path:
    """The gadget's node, by the number that the kernel gave it."""
    number = (GADGETS / gadget / "functions/hid.0/dev").read_text().strip().split(":")[1]
    return Path(f"/dev/hidg{number}")
