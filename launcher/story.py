"""The part that packs by itself: one order; then one with the network cut, which arrives once."""

import statistics
import threading
import time
from dataclasses import dataclass

from launcher.errors import NotAsPromised
from launcher.evidence import photos_of, require_exactly
from launcher.light import NOT_SENT, SENT, Light
from launcher.marketplace import PlantedOrder
from launcher.screen import Screen
from launcher.table import F1, F4, SCAN_END
from launcher.whole import Whole

PHOTOS = 3

_SIGN_S = 20.0
_SENT_S = 90.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured from the outside: keys written to the table, signs read from its light."""

    press_to_saved_s: tuple[float, ...]
    send_to_sent_s: float
    photos: int
    photo_bytes: int

    def line(self) -> str:
        """All of it in one line."""
        saved_ms = 1000 * statistics.median(self.press_to_saved_s)
        return (
            f"press to saved {saved_ms:.0f} ms (median of {len(self.press_to_saved_s)}), "
            f"send to sent {self.send_to_sent_s:.2f} s, "
            f"{self.photos} photos of {self.photo_bytes} bytes in all"
        )


class Story:
    """Packs two orders in view. Raises LauncherError when anything is not as it should be."""

    def __init__(self, whole: Whole, screen: Screen, *, pace_s: float) -> None:
        """``pace_s``: time between two presses, for people to follow and beyond a bounce."""
        self._whole = whole
        self._screen = screen
        self._pace_s = pace_s
        self._pacing = threading.Event()
        self._saved_s: list[float] = []

    def tell(self) -> Figures:
        """Both parts; then both chats are looked at once more."""
        whole, spool = self._whole, self._whole.plan.folder.spool
        before = whole.marketplace.sent_in_all()
        first = whole.marketplace.plant_order("DEMO")
        second = whole.marketplace.plant_order("LATE")
        sent_s = self._pack_and_send(first)
        self._pack_without_network(second)
        photos, pictures = [], 0
        for order in (first, second):
            self._require_exactly(order)
            photos += photos_of(spool, order.number)
            pictures += len(whole.marketplace.chat(order.buyer_id).pictures)
        self._require_nothing_else(before, pictures)
        return Figures(
            press_to_saved_s=tuple(self._saved_s),
            send_to_sent_s=sent_s,
            photos=len(photos),
            photo_bytes=sum(photo.size_bytes for photo in photos),
        )

    def _pack_and_send(self, order: PlantedOrder) -> float:
        self._screen.heading("1  An order is packed")
        place = self._whole.table.lights.count
        began_s = self._pack(order)
        sent = self._wait_sent(order, place)
        self._step("", "sent", _seconds(sent.at_s - began_s), "Image Sent to Customer's Chat")
        self._require_exactly(order)
        self._step_checked(order)
        return sent.at_s - began_s

    def _pack_without_network(self, order: PlantedOrder) -> None:
        screen, table, network = self._screen, self._whole.table, self._whole.network
        screen.heading("2  The table's network is cut, and another order is packed")
        network.cut()
        place = table.lights.count
        self._pack(order)
        self._require_waiting(order)
        self._pause()
        network.connect()
        joined_s = time.monotonic()
        self._step("", "connected", "", "the network is back")
        sent = self._wait_sent(order, place)
        self._step("", "sent", _seconds(sent.at_s - joined_s), "Image Sent to Customer's Chat")
        self._require_exactly(order)
        self._step_checked(order)

    def _pack(self, order: PlantedOrder) -> float:
        """Scan, photos, send; gives when F4 was pressed."""
        self._pause()
        self._press("scan", f"{order.number}{SCAN_END}", "Order open", f"{order.number}")
        for number in range(1, PHOTOS + 1):
            self._pause()
            title = f"{number} photo{'s' if number > 1 else ''}"
            taken_s = self._press("F1", F1, title, f"photo {number} saved")
            self._saved_s.append(taken_s)
        self._pause()
        began_s = time.monotonic()
        self._press("F4", F4, "Saved, go on", "saved, go on", "safe on the table's disk")
        return began_s

    def _press(self, key: str, keys: str, title: str, says: str, more: str = "") -> float:
        """Press, wait for the sign, and tell of it; gives the time between."""
        table = self._whole.table
        place, began_s = table.lights.count, time.monotonic()
        table.type(keys)
        light = table.lights.wait_for(
            lambda one: one.title == title,
            since=place,
            deadline_s=_SIGN_S,
            what=f"{key}: sign '{title}'",
            log=table.program.log,
            unless=lambda one: one.title in {"Refused", "STOP", "Call the lead"},
        )
        took_s = light.at_s - began_s
        self._step(key, says, f"{1000 * took_s:.0f} ms", more)
        return took_s

    def _wait_sent(self, order: PlantedOrder, since: int) -> Light:
        return self._whole.table.lights.wait_for(
            lambda one: one.title == SENT and order.number in one.text,
            since=since,
            deadline_s=_SENT_S,
            what=f"sending order {order.number}",
            log=self._whole.cloud.program.log,
            unless=lambda one: one.title == NOT_SENT and order.number in one.text,
        )

    def _require_waiting(self, order: PlantedOrder) -> None:
        fate = self._whole.table.fate(order.number)
        chat = self._whole.marketplace.chat(order.buyer_id)
        if "waiting" not in fate or chat.texts or chat.pictures:
            raise NotAsPromised(
                f"with the network cut, order {order.number} should wait on the table: {fate}"
            )
        self._step("", "waiting", "", "nothing sent yet; the table keeps it")

    def _require_exactly(self, order: PlantedOrder) -> None:
        photos = photos_of(self._whole.plan.folder.spool, order.number)
        if len(photos) != PHOTOS:
            raise NotAsPromised(f"{len(photos)} photos of {order.number} are on the table's disk")
        require_exactly(self._whole.marketplace.chat(order.buyer_id), order.number, photos)

    def _require_nothing_else(self, before: dict[str, int], pictures: int) -> None:
        after = self._whole.marketplace.sent_in_all()
        more = {kind: after[kind] - before.get(kind, 0) for kind in after}
        if {kind: count for kind, count in more.items() if count} != {"text": 2, "image": pictures}:
            raise NotAsPromised(f"two orders were packed, but buyers got {more}")

    def _step_checked(self, order: PlantedOrder) -> None:
        self._step("", "checked", "", f"{order.buyer_name} has text and photos, once each")

    def _step(self, key: str, what: str, took: str, more: str = "") -> None:
        line = f"     {key:<6}{what:<15}{took:>8}   {self._screen.dim(more)}"
        self._screen.say(line.rstrip())

    def _pause(self) -> None:
        """Let people follow; nothing is waited for here."""
        self._pacing.wait(self._pace_s)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"
