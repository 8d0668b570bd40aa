"""Any one process is killed at a random moment of a run of 20 proofs, and started again."""

import os
import random
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.evidence import TablePhoto
from launcher.ports import is_free
from launcher.table import F1, F4, SCAN_END
from launcher.whole import READY_S, Whole
from tests.support.waiting import eventually
from tests.support.whole import (
    broker_pid,
    fast_plan,
    photo_title,
    press,
    proofs_of,
    require_chat,
    running,
    sent_proofs,
    titled,
)
from wire.messages import Closing

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

PROOFS = 20
PACKING_S = 12.0
"""About as long as packing them takes: the kill comes within this time."""
ALL_SENT_S = 180.0
ENDED_S = 2.0

FindPid = Callable[[Whole], int]

VICTIMS: dict[str, FindPid] = {
    "table": lambda whole: whole.table.program.pid,
    "cloud": lambda whole: whole.cloud.program.pid,
    "broker": broker_pid,
    "marketplace": lambda whole: whole.sandbox.pid,
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, victim: str
) -> None:
    """Promises 1 and 2: each buyer has the text once and each photo once, none is missing."""
    seed = int(os.environ.get("PACKWITNESS_TEST_SEED") or secrets.randbits(32))
    sys.stdout.write(f"PACKWITNESS_TEST_SEED={seed}\n")
    chance = random.Random(seed)
    with running(fast_plan(tmp_path)) as whole:
        orders = {
            order.number: order
            for order in (whole.marketplace.plant_order("KILL") for _ in range(PROOFS))
        }
        before = whole.marketplace.sent_in_all()
        with killed_after(chance.uniform(0, PACKING_S), whole, VICTIMS[victim]) as has_struck:
            for code in orders:
                pack_surely(whole, code, chance.randint(1, 3))
                revive(whole)
            eventually(has_struck.is_set)
        revive(whole)
        sent = {one.code: files(whole, one.photos) for one in sent_proofs(whole)}
        assert sent.keys() == orders.keys()
        # Two pictures at most: the second and third photo stand in one beside a text.
        pictures = sum(min(len(photos), 2) for photos in sent.values())
        expected = {"text": PROOFS, "image": pictures}
        eventually(
            lambda: difference(whole.marketplace.sent_in_all(), before) == expected, ALL_SENT_S
        )
        for code, order in orders.items():
            require_chat(whole, order, sent[code])
        eventually(lambda: all(one.progress == "sent" for one in sent_proofs(whole)), ALL_SENT_S)


@contextmanager
def killed_after(delay_s: float, whole: Whole, find: FindPid) -> Iterator[threading.Event]:
    """Kill a process while the block runs; the event says that it was done."""
    struck = threading.Event()

    def strike() -> None:
        pid = find(whole)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: has_ended(pid))
        struck.set()

    timer = threading.Timer(delay_s, strike)
    timer.start()
    try:
        yield struck
    finally:
        timer.cancel()
        timer.join()


def has_ended(pid: int) -> bool:
    """Whether a process does nothing more, reaped or not.

    Its first thread can be dead while others are still dying; only when all are gone is it reaped.
    """
    process = Path(f"/proc/{pid}")
    try:
        threads = list((process / "task").iterdir())
        return len(threads) <= 1 and "State:\tZ" in (process / "status").read_text()
    except OSError:
        return True


def revive(whole: Whole) -> None:
    """Start again what was killed. The broker comes back by itself, or with the cloud."""
    if not whole.sandbox.is_running:
        whole.start_marketplace()
    if not whole.cloud.program.is_running:
        eventually(lambda: is_free(whole.plan.ports.broker))
        whole.cloud.start(READY_S)
    if not whole.table.program.is_running:
        whole.table.start()


def pack_surely(whole: Whole, code: str, photos: int) -> None:
    """As a packer does: when the table was dark for a moment, the order is scanned again."""
    try:
        pack_rest(whole, code, photos)
    except LauncherError:
        if not whole.table.program.has_ended_within(ENDED_S):
            raise
        whole.table.start()
        if all(one.code != code for one in sent_proofs(whole)):
            pack_rest(whole, code, photos)


def pack_rest(whole: Whole, code: str, photos: int) -> None:
    """Scan, which brings back photos taken before a restart; take the others, and send."""
    kept = [one for one in proofs_of(whole, code) if one.closing is Closing.UNSENT]
    there = len(kept[0].photos) if kept else 0
    first = photo_title(there) if there else "Order open"
    press(whole, f"{code}{SCAN_END}", titled(first), f"scan of {code}")
    for number in range(there + 1, photos + 1):
        press(whole, F1, titled(photo_title(number)), f"photo {number} of {code}")
    press(whole, F4, titled("Saved, go on"), f"sending {code}")


def files(whole: Whole, paths: tuple[Path, ...]) -> list[TablePhoto]:
    contents = [(whole.plan.folder.spool / path).read_bytes() for path in paths]
    return [TablePhoto(one) for one in contents]


def difference(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    more = {kind: count - before.get(kind, 0) for kind, count in after.items()}
    return {kind: count for kind, count in more.items() if count}
