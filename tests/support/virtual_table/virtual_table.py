"""A virtual table as people meet it: a scanner, pedals, a light, and buyers who get photos."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.indicator.signs import Sign, photos_sign
from launcher.marketplace import PlantedOrder
from tests.support.virtual_table.light import Light, Seen
from tests.support.virtual_table.product import BROKER_PORT, SANDBOX_URL, SPOOL
from tests.support.virtual_table.uml_machine import Machine, MachineError
from tests.support.virtual_table.virtual_hands import Hands
from tests.support.waiting import eventually

READY_S = 300.0
SENT_S = 300.0
SIGN_S = 90.0
"""Patience says nothing about the product: the machine may do much else beside the guest."""
SCAN_S = 20.0
"""Until it is looked whether a code came apart."""
CUT_OFF = "a code was cut off"
NO_CLOUD = tuple(f"systemd.mask=packwitness-{unit}.service" for unit in ("cloud-serve", "sandbox"))
_BUYERS = f"/opt/cloud/bin/python /opt/inside/buyers.py {SANDBOX_URL}"


class VirtualTable:
    """One machine with the product on it. The power is off until ``power_on``."""

    def __init__(self, folder: Path, disk: Path) -> None:
        self.machine = Machine(folder, disk)
        self.hands = Hands(self.machine)
        self.light = Light(self.machine.share / "light")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.machine.__exit__(kind, error, trace)

    def power_on(self, *, cloud: bool = True) -> Seen:
        """Until the light says ready. Without ``cloud`` it is out of reach until the next time."""
        place = self.light.place
        self.machine.boot(*(() if cloud else NO_CLOUD))
        return self.see(Sign.READY, Sign.OFFLINE, since=place, limit_s=READY_S)

    def power_cut(self) -> None:
        """All is gone that no program made durable."""
        self.machine.power_cut()

    def see(self, *signs: Sign, since: int, limit_s: float = SIGN_S) -> Seen:
        """Until the light shows one of the signs.

        Raises:
            MachineError: the power went meanwhile.
            AssertionError: the light did not; the text says what it showed.
        """
        return self.light.wait_for(*signs, since=since, limit_s=limit_s, alive=self._require_power)

    def scan_and_see(self, code: str, sign: Sign = Sign.OPEN) -> Seen:
        """Scan, and read the light; codes that came apart on their way are scanned again."""
        return self.scan_all_and_see((code,), sign)

    def scan_all_and_see(self, codes: Sequence[str], sign: Sign, tries: int = 5) -> Seen:
        """Scan one after the other, and read the light after the last.

        In a guest that waits for the processor keys come late or are dropped. The light refuses
        such a code, though perhaps not in a rhythm that can be read; the log says so too.
        """
        place = self.light.place
        for code in codes:
            self.hands.scan(code)
        try:
            return self.see(sign, since=place, limit_s=SCAN_S)
        except AssertionError:
            if tries > 1 and self.said(CUT_OFF):
                return self.scan_all_and_see(codes, sign, tries - 1)
        return self.see(sign, since=place)

    def press_and_see(self, key: str, sign: Sign) -> Seen:
        """Press the pedal, and read the light."""
        place = self.light.place
        self.hands.press(key)
        return self.see(sign, since=place)

    def pack(self, order: PlantedOrder, photos: int = 3, *, there: int = 0) -> Seen:
        """Scan, photos, F4; until the light says saved.

        ``there``: photos that the scan brings back.
        """
        self.scan_and_see(order.number, photos_sign(there))
        for count in range(there + 1, photos + 1):
            self.press_and_see("F1", photos_sign(count))
        return self.press_and_see("F4", Sign.SAVED)

    def plant(self, count: int = 1) -> list[PlantedOrder]:
        """Orders of new buyers at the marketplace."""
        lines = self.machine.run(f"{_BUYERS} plant {count}").splitlines()
        return [_order(json.loads(line)) for line in lines]

    def verdicts(self, orders: Sequence[PlantedOrder]) -> list[str]:
        """Of each order: "right" if its buyer has text and photos once, else what is wrong."""
        return self._asked(f"compare {SPOOL}", orders)

    def messages(self, orders: Sequence[PlantedOrder]) -> list[int]:
        """How many messages the buyer of each order has."""
        return [int(line) for line in self._asked("count", orders)]

    def require_sent(self, orders: Sequence[PlantedOrder], limit_s: float = SENT_S) -> None:
        """Until every buyer has text and photos, each exactly once."""
        if not orders:
            return

        def all_right() -> bool:
            found = self.verdicts(orders)
            return set(found) == {"right"}

        try:
            eventually(all_right, limit_s)
        except AssertionError:
            found = dict(zip((one.number for one in orders), self.verdicts(orders), strict=True))
            wrong = {number: what for number, what in found.items() if what != "right"}
            raise AssertionError(f"not sent as promised: {wrong}") from None

    def fate(self, code: str) -> str:
        """What the table's own command says of a code, and the files of its photos."""
        return self.machine.run(f"packwitness-edge spool list --code '{code}'")

    def fates(self) -> dict[str, str]:
        """The same of each code on the table's disk."""
        found: dict[str, str] = {}
        code = ""
        for line in self.machine.run("packwitness-edge spool list --limit 100000").splitlines():
            if not line.startswith(" "):
                code = line.split("  ")[1]
            found[code] = found.get(code, "") + line + "\n"
        return found

    def said(self, words: str) -> int:
        """How often the table's log has these words since power on."""
        found = self.machine.run(
            f"journalctl -b -u packwitness-edge | grep -c -F -- '{words}' || true"
        )
        return int(found)

    def hear(self, words: str, before: int = 0, limit_s: float = SIGN_S) -> None:
        """Until the table's log has these words more often than before."""
        eventually(lambda: self.said(words) > before, limit_s)

    def restart(self, environment: str = "") -> None:
        """Start the daemon again, once with a variable that it does not have the next time."""
        self.machine.run("systemctl stop packwitness-edge")
        place, name = self.light.place, environment.partition("=")[0]
        self.machine.run(
            f"""
{f"systemctl set-environment '{environment}'" if name else ""}
systemctl start packwitness-edge
{f"systemctl unset-environment {name}" if name else ""}"""
        )
        self.see(Sign.READY, since=place, limit_s=READY_S)

    def cut_network(self) -> None:
        """Nothing passes between table and broker any more, and nobody is told so."""
        self.machine.run(
            f"""
nft add table inet away
nft add chain inet away out '{{ type filter hook output priority 0; }}'
nft add rule inet away out tcp dport {BROKER_PORT} drop
nft add rule inet away out tcp sport {BROKER_PORT} drop"""
        )

    def mend_network(self) -> None:
        """It passes again."""
        self.machine.run("nft delete table inet away")

    def log(self, lines: int = 60) -> str:
        """What table and cloud said last."""
        units = "-u packwitness-edge -u packwitness-cloud-serve"
        try:
            return self.machine.run(f"journalctl --no-pager -n {lines} {units}", limit_s=20.0)
        except MachineError as error:
            return f"no log: {error}"

    def _require_power(self) -> None:
        if not self.machine.is_on:
            raise MachineError("the power is off")

    def _asked(self, words: str, orders: Sequence[PlantedOrder]) -> list[str]:
        listed = "".join(json.dumps(asdict(one)) + "\n" for one in orders)
        return self.machine.run(f"{_BUYERS} {words} <<'END'\n{listed}END").splitlines()


def _order(words: dict[str, object]) -> PlantedOrder:
    tracking = words["tracking_numbers"]
    assert isinstance(tracking, list)
    return PlantedOrder(
        number=str(words["number"]),
        buyer_id=int(str(words["buyer_id"])),
        buyer_name=str(words["buyer_name"]),
        tracking_numbers=tuple(str(one) for one in tracking),
    )
