"""F4 to the last message in the chat, all programs on this machine. Goal: at most 1.5 times bare.

Bare is a script with one httpx client that makes the same calls in the same order: those that the
sandbox logged for our order. The shop's pace is set so high that it limits nothing.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

from launcher.evidence import preset_for
from launcher.folder import Folder
from launcher.marketplace import SHOP_ID, order_number
from launcher.ports import free_ports
from launcher.table import SCAN_END, CameraChoice
from launcher.whole import Plan, Whole, ended_at_the_end
from sandbox.shopee.demo_seed import PARTNER_ID, demo_seed
from sandbox.shopee.seed import SeedShop, SeedToken
from sandbox.testing import SandboxControl
from tests.benchmarks.support.figures import (
    data_folder,
    interleaved,
    say,
    say_figure,
    say_machine,
)
from tests.benchmarks.support.replay import Parcel, names_of, replay
from tests.support.shopee_caller import ShopeeCaller
from tests.support.waiting import eventually

ROUNDS = 15
GOAL = 1.5
PHOTOS = 3
MESSAGES = 3
"""Text, a photo, and the other two in one picture: two of five are kept free for people."""
BARE_SHOP_ID = 22000002
BARE_TOKEN = "fedcba98765432100123456789abcdef"
PATIENCE_S = 20.0
PACKER_S = 0.5
"""From the last photo to F4: all is quiet by then."""


class Rig:
    """All programs, and both ways to write to a buyer."""

    def __init__(self, whole: Whole, control: SandboxControl) -> None:
        self._whole = whole
        self._control = control
        self._buyers = count(970_000_001)
        base_url = whole.marketplace.base_url
        self._caller = ShopeeCaller(base_url, shop_id=BARE_SHOP_ID, access_token=BARE_TOKEN)
        self.calls: tuple[str, ...] = ()
        self._newest_photos: tuple[bytes, ...] = ()

    def ours(self) -> float:
        """Pack an order; seconds from F4 to its last message in the chat."""
        number, _ = self._plant(SHOP_ID)
        stored = self._stored_photos()
        self._press(number + SCAN_END, "Order open")
        for place in range(1, PHOTOS + 1):
            self._press(f"p{SCAN_END}", f"{place} photo")
        # Photos travel before F4, and a packer takes longer to press it than they need.
        eventually(lambda: self._stored_photos() == stored + PHOTOS)
        threading.Event().wait(PACKER_S)
        on_disk = self._whole.plan.folder.spool.glob(f"photos/*/{number}_*.jpg")
        self._newest_photos = tuple(path.read_bytes() for path in sorted(on_disk))
        sent_before = self._messages_sent()
        logged = self._control.requests()[-1]["number"]
        pressed_at = time.time()
        self._whole.table.type(f"s{SCAN_END}")
        eventually(lambda: self._messages_sent() == sent_before + MESSAGES)
        calls = [one for one in self._control.requests(logged) if "sellerchat" in one["path"]]
        self.calls = names_of(calls)
        return float(calls[-1]["at"]) - pressed_at

    def bare(self) -> float:
        """The same calls for another buyer, from the first to the last one's log entry."""
        number, buyer_id = self._plant(BARE_SHOP_ID)
        parcel = Parcel(number, buyer_id, preset_for(number), self._newest_photos)
        began_at = time.time()
        replay(self._caller, self.calls, parcel)
        return float(self._control.requests()[-1]["at"]) - began_at

    def _plant(self, shop_id: int) -> tuple[str, int]:
        number, buyer_id = order_number("BNCH"), next(self._buyers)
        buyer = {"user_id": buyer_id, "username": f"b{buyer_id}", "full_name": "A Buyer"}
        self._control.call("POST", "/buyers", buyer)
        self._control.add_order(number, shop_id, buyer_id, order_status="PROCESSED")
        return number, buyer_id

    def _press(self, keys: str, title: str) -> None:
        place = self._whole.table.lights.count
        self._whole.table.type(keys)
        self._whole.table.lights.wait_for(
            lambda light: light.title.startswith(title),
            since=place,
            deadline_s=PATIENCE_S,
            what=title,
            log=self._whole.table.program.log,
        )

    def _stored_photos(self) -> int:
        folder = self._whole.plan.folder.cloud / "photos"
        return sum(1 for _ in folder.glob("*/??/*"))

    def _messages_sent(self) -> int:
        # Not asked of the sandbox, which would be kept from its work by it.
        return self._whole.cloud.program.said().count('"message sent"')


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """Sandbox, cloud with its broker, and a table, with a second shop for the bare script."""
    ports = free_ports()
    plan = Plan(
        Folder(folder),
        ports,
        CameraChoice("simulated"),
        sends_per_second=1000.0,
        table_settings={
            "packing": {"photo_bounce_ms": 0, "send_bounce_ms": 0, "double_read_ms": 0},
            # Straight to the broker, past the relay that `make demo` cuts.
            "uplink": {"port": ports.broker},
        },
    )
    whole = Whole(plan)
    plan.folder.prepare()
    with ended_at_the_end(whole):
        whole.start_marketplace()
        control = SandboxControl(whole.marketplace.base_url)
        control.reset(_seed())
        whole.start_rest()
        yield Rig(whole, control)
        control.close()


def _seed() -> dict[str, object]:
    seed = demo_seed()
    token = SeedToken(
        partner_id=PARTNER_ID,
        access_token=BARE_TOKEN,
        refresh_token=BARE_TOKEN[::-1],
        access_life_s=86_400,
    )
    shop = SeedShop(shop_id=BARE_SHOP_ID, shop_name="Bare", region="MY", tokens=[token])
    return seed.model_copy(update={"shops": [*seed.shops, shop]}).model_dump(mode="json")


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder, rig(folder) as measured:
        measured.ours()
        measured.bare()
        times = interleaved(ROUNDS, measured.ours, measured.bare)
        calls = measured.calls
    say_figure(
        "F4 to the chat",
        f"{times.ratio:.2f} times the bare script",
        goal=f"<= {GOAL:g}",
        met=times.ratio <= GOAL,
        measured=f"ours {median(times.ours) * 1000:.0f} ms, bare {median(times.bare) * 1000:.0f} ms"
        f" (medians of {ROUNDS} orders each, in turn)",
    )
    say(f"  calls: {', '.join(call.strip() for call in calls)}")


if __name__ == "__main__":
    main()
