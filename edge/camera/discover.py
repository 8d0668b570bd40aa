"""Which webcams are plugged in, named by their port so that the name stays."""

import re
from pathlib import Path

DEV = Path("/dev")
SYS = Path("/sys/class/video4linux")

_FIRST_NODE = "-video-index0"


def find_webcams(dev: Path = DEV, sys: Path = SYS) -> list[str]:
    """Paths of the USB cameras, in a steady order.

    A webcam has several nodes of which the first (``index0``) gives pictures. On a Raspberry Pi
    most video nodes are decoders and the CSI receiver: only USB devices count as webcams. Where
    udev keeps no by-path names (containers), the kernel's device tree tells which are USB.
    """
    ports = sorted(path for path in dev.glob("v4l/by-path/*" + _FIRST_NODE) if "-usb" in path.name)
    # Newer udev lists a port twice, as "usb-" and as "usbv2-" or "usbv3-": one name is enough.
    named = {path.resolve(): str(path) for path in reversed(ports)}
    if named:
        return sorted(named.values())
    nodes = [path for path in dev.glob("video*") if _is_usb_camera(sys / path.name)]
    return [str(path) for path in sorted(nodes, key=lambda path: _number(path.name))]


def port_of(name: str, dev: Path = DEV) -> str:
    """The name by port of a device that was named otherwise; the same name where there is none.

    After unplugging, ``/dev/video0`` may come back as ``/dev/video2``, or be another camera.
    """
    if Path(name).parent == dev / "v4l" / "by-path":
        return name
    node = Path(name).resolve()
    ports = sorted(path for path in dev.glob("v4l/by-path/*") if path.resolve() == node)
    return str(ports[0]) if ports else name


def _is_usb_camera(entry: Path) -> bool:
    try:
        first = (entry / "index").read_text().strip() == "0"
        return first and "/usb" in str((entry / "device").resolve(strict=True))
    except OSError:
        return False


def _number(name: str) -> int:
    digits = re.search(r"\d+$", name)
    return int(digits.group()) if digits else 0
