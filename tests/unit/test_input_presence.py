"""The kernel's list of input devices, read from a folder that looks like it."""

import struct
from pathlib import Path

import pytest

from edge.scanner.presence import plugged_in

KEYBOARD_WORDS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""As a keyboard shows itself under a 64-bit kernel."""


class Kernel:
    def __init__(self, folder: Path) -> None:
        self.system, self.nodes = folder / "sys", folder / "dev"
        self.system.mkdir()
        self.nodes.mkdir()

    def add(self, number: int, name: str, phys: str, keys: str, model: str = "0c2e:0b61") -> None:
        device = self.system / f"event{number}" / "device"
        (device / "id").mkdir(parents=True)
        (device / "capabilities").mkdir()
        vendor, product = model.split(":")
        texts = {
            "name": name,
            "phys": phys,
            "uniq": "",
            "id/vendor": vendor,
            "id/product": product,
            "capabilities/key": keys,
        }
        for path, text in texts.items():
            (device / path).write_text(f"{text}\n")
        (self.nodes / f"event{number}").touch()

    def link(self, folder: str, name: str, number: int) -> None:
        (self.nodes / folder).mkdir(exist_ok=True)
        (self.nodes / folder / name).symlink_to(f"../event{number}")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def test_all_nodes_of_one_port_are_one_device(kernel: Kernel) -> None:
    kernel.add(10, "Scanner Mouse", "usb-0000:01:00.0-1.2/input1", "0")
    kernel.add(2, "Scanner", "usb-0000:01:00.0-1.2/input0", KEYBOARD_WORDS)
    kernel.add(3, "Scanner", "usb-0000:01:00.0-1.3/input0", KEYBOARD_WORDS)
    first, second = plugged_in(kernel.system, kernel.nodes)
    assert [Path(node.path).name for node in first.nodes] == ["event2", "event10"]
    assert (first.name, first.model, first.port) == (
        "Scanner",
        "0c2e:0b61",
        "usb-0000:01:00.0-1.2",
    )
    assert second.port == "usb-0000:01:00.0-1.3"


def test_devices_of_programs_are_each_their_own(kernel: Kernel) -> None:
    """Those that uinput makes often have the same place and model."""
    kernel.add(4, "One", "py-evdev-uinput", KEYBOARD_WORDS, "0001:0001")
    kernel.add(5, "Two", "py-evdev-uinput", KEYBOARD_WORDS, "0001:0001")
    kernel.add(6, "Three", "", KEYBOARD_WORDS, "0001:0001")
    names = {one.name for one in plugged_in(kernel.system, kernel.nodes)}
    assert names == {"One", "Two", "Three"}


@pytest.mark.skipif(struct.calcsize("l") != 8, reason="the words are those of a 64-bit kernel")
def test_keys(kernel: Kernel) -> None:
    kernel.add(1, "Keyboard", "", KEYBOARD_WORDS)
    kernel.add(2, "Mouse", "", "70000 0 0 0 0")
    keyboard, mouse = plugged_in(kernel.system, kernel.nodes)
    assert {1, 28, 30, 59, 62, 96} <= keyboard.keys
    assert 0 not in keyboard.keys
    assert mouse.keys == {272, 273, 274}


def test_names_that_lead_to_a_node(kernel: Kernel) -> None:
    kernel.add(1, "Scanner", "usb-1/input0", KEYBOARD_WORDS)
    kernel.link("by-path", "platform-usb-0:1:1.0-event-kbd", 1)
    kernel.link("by-id", "usb-Scanner-event-kbd", 1)
    (found,) = plugged_in(kernel.system, kernel.nodes)
    assert found.nodes[0].links == ("platform-usb-0:1:1.0-event-kbd", "usb-Scanner-event-kbd")


def test_a_device_without_its_node_is_not_there_yet(kernel: Kernel) -> None:
    kernel.add(1, "Scanner", "usb-1/input0", KEYBOARD_WORDS)
    (kernel.nodes / "event1").unlink()
    assert plugged_in(kernel.system, kernel.nodes) == []


def test_one_that_goes_while_it_is_read_is_no_error(kernel: Kernel) -> None:
    kernel.add(1, "Scanner", "usb-1/input0", KEYBOARD_WORDS)
    for file in (kernel.system / "event1" / "device").rglob("*"):
        if file.is_file():
            file.unlink()
    (found,) = plugged_in(kernel.system, kernel.nodes)
    assert not found.keys


def test_a_machine_without_inputs(tmp_path: Path) -> None:
    assert plugged_in(tmp_path / "none", tmp_path / "none") == []


def test_a_name_that_no_report_could_carry(kernel: Kernel) -> None:
    kernel.add(1, "Scan\x00ner\x1b[2J", "usb-1/input0", KEYBOARD_WORDS)
    (found,) = plugged_in(kernel.system, kernel.nodes)
    assert found.name == "Scan ner [2J"
