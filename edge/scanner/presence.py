"""What input devices are plugged in, as the kernel lists them. Opens none and needs no rights.

/sys says all that ``evdev`` would, without opening devices that are none of our business, and also
for devices that this user may not open: so a missing right can be told from a missing device.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.scanner.binding import Node, Plugged

Look = Callable[[], list[Plugged]]

SYSTEM_INPUTS = Path("/sys/class/input")
DEVICE_NODES = Path("/dev/input")

_INTERFACE = re.compile(r"(.+)/input[0-9]+")
"""``usb-0000:01:00.0-1.2/input1``: port and interface (edge-hardware 3.2)."""
_WORD_BITS = struct.calcsize("l") * 8
_LINK_FOLDERS = ("by-path", "by-id")


def plugged_in(
    system_inputs: Path = SYSTEM_INPUTS, device_nodes: Path = DEVICE_NODES
) -> list[Plugged]:
    """All devices, in a steady order. Those that come or go meanwhile may be missing."""
    links = _links(device_nodes)
    groups: dict[tuple[str, ...], list[tuple[Node, Path]]] = defaultdict(list)
    for node, folder in _nodes(system_inputs, device_nodes, links):
        groups[_group(folder)].append((node, folder))
    return [_device(members) for _, members in sorted(groups.items())]


def _nodes(
    system_inputs: Path, device_nodes: Path, links: dict[str, list[str]]
) -> Iterator[tuple[Node, Path]]:
    entries = sorted(system_inputs.glob("event*"), key=lambda one: (len(one.name), one.name))
    for entry in entries:
        path = device_nodes / entry.name
        folder = entry / "device"
        if path.exists() and folder.exists():
            keys = _bits(_text(folder / "capabilities" / "key"))
            yield Node(str(path), keys, tuple(sorted(links[entry.name]))), folder


def _group(folder: Path) -> tuple[str, ...]:
    """What the nodes of one device have in common. Without a port each node is a device."""
    port = _INTERFACE.fullmatch(_text(folder / "phys"))
    ids = (_text(folder / "id" / "vendor"), _text(folder / "id" / "product"))
    if port is None:
        return ("", folder.parent.name, *ids)
    return (port[1], *ids, _text(folder / "uniq"))


def _device(members: list[tuple[Node, Path]]) -> Plugged:
    # the first node that types names the device: the others say "... Consumer Control"
    _, folder = next(((node, one) for node, one in members if node.keys), members[0])
    phys = _text(folder / "phys")
    port = _INTERFACE.fullmatch(phys)
    return Plugged(
        name=_text(folder / "name"),
        vendor=_number(_text(folder / "id" / "vendor")),
        product=_number(_text(folder / "id" / "product")),
        port=port[1] if port else phys,
        uniq=_text(folder / "uniq"),
        nodes=tuple(node for node, _ in members),
    )


def _links(device_nodes: Path) -> dict[str, list[str]]:
    """Name of a node to the names that udev gave it."""
    found: dict[str, list[str]] = defaultdict(list)
    for folder in _LINK_FOLDERS:
        for link in (device_nodes / folder).glob("*"):
            try:
                found[link.readlink().name].append(link.name)
            except OSError:  # gone meanwhile, or no link
                continue
    return found


def _bits(words: str) -> frozenset[int]:
    """Numbers of the bits of a kernel bitmap: hexadecimal words, the highest first."""
    return frozenset(
        place * _WORD_BITS + bit
        for place, word in enumerate(reversed(words.split()))
        for bit in range(_WORD_BITS)
        if _number(word) >> bit & 1
    )


def _number(hexadecimal: str) -> int:
    try:
        return int(hexadecimal, 16)
    except ValueError:
        return 0


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not every device has every file, and it may be gone meanwhile
        return ""
    # a device may call itself anything, and its name goes into logs and reports
    return "".join(one if one.isprintable() else " " for one in text).strip()
