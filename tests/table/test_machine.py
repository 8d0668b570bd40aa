"""The virtual table itself: it boots, does as told, and forgets what no program made durable."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.virtual_table.product import INSIDE
from tests.support.virtual_table.uml_machine import Machine, MachineError, why_not
from tests.support.virtual_table.virtual_hands import Hands

pytestmark = [pytest.mark.table, pytest.mark.timeout(1200)]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    reason = why_not()
    if reason is not None:
        pytest.fail(reason)  # whoever asked for this test wants it
    with Machine(tmp_path / "machine") as made:
        made.boot()
        yield made


def test_every_device_of_a_table_is_there(machine: Machine) -> None:
    said = machine.run("systemctl is-system-running --wait; ls -l /dev/input/by-id; gpiodetect")
    assert "running" in said
    assert "usb-Virtual_Virtual_Scanner_SCANNER1-event-kbd" in said
    assert "gpiochip0" in said
    machine.run("test -c /dev/uinput && test -c /dev/video0 && test -c /dev/dma_heap/vidbuf_cached")


def test_a_failed_script_says_what_it_said(machine: Machine) -> None:
    with pytest.raises(MachineError, match="no such luck"):
        machine.run("echo no such luck; false")


def test_a_power_cut_takes_what_was_not_made_durable_and_nothing_else(machine: Machine) -> None:
    machine.run("echo kept > /root/kept; sync /root/kept /root; echo lost > /root/lost")
    machine.power_cut()
    machine.boot()
    assert machine.get("/root/kept") == b"kept\n"
    with pytest.raises(MachineError):
        machine.get("/root/lost")


def test_a_scanner_types_and_can_be_unplugged(machine: Machine) -> None:
    hands = Hands(machine)
    device = "/dev/input/by-id/usb-Virtual_Virtual_Scanner_SCANNER1-event-kbd"
    machine.put(INSIDE / "read_keys.py", "/root/read_keys.py")
    machine.run(
        f"""
systemd-run -q --unit=reader -p StandardOutput=file:/root/read python3 /root/read_keys.py {device}
timeout 20 sh -c 'until grep -q grabbed /root/read; do sleep 0.2; done'"""
    )
    hands.scan("A1")
    hands.plug("scanner", plugged=False)
    machine.run("timeout 20 sh -c 'while systemctl is-active -q reader; do sleep 0.2; done'")
    keys = ["KEY_LEFTSHIFT", "KEY_A", "KEY_1", "KEY_ENTER"]
    assert machine.get("/root/read").decode().splitlines() == ["grabbed", *keys, "No such device"]
    hands.plug("scanner", plugged=True)
    machine.run(f"timeout 20 sh -c 'until test -e {device}; do sleep 0.2; done'")
