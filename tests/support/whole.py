"""All programs as real processes, as the launcher starts them, and hands that pack at speed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edge.spool.reader import SpoolReader
from edge.spool.records import ProofSummary
from launcher.evidence import TablePhoto, photos_of, require_exactly
from launcher.folder import Folder
from launcher.light import SENT, Light
from launcher.marketplace import PlantedOrder
from launcher.ports import free_ports
from launcher.table import F1, F4, SCAN_END, CameraChoice
from launcher.whole import Plan, Whole
from tests.support.waiting import eventually
from wire.messages import Closing

SIGN_S = 30.0
SENT_S = 60.0

_FAST_TABLE = {
    "camera": {"width": 640, "height": 480},
    "packing": {"photo_bounce_ms": 0, "send_bounce_ms": 0, "double_read_ms": 0},
}
_FAST_CLOUD = {"PACKWITNESS_CLOUD_SENDING__SETTLE_S": "1"}


def fast_plan(folder: Path) -> Plan:
    """Free ports, small photos, no waiting between presses, and a shop that may send quickly."""
    return Plan(
        Folder(folder),
        free_ports(),
        CameraChoice("simulated"),
        sends_per_second=50,
        cloud_settings=_FAST_CLOUD,
        table_settings=_FAST_TABLE,
    )


def product_plan(folder: Path) -> Plan:
    """Free ports, but photos and pace as the product has them."""
    return replace(fast_plan(folder), sends_per_second=None, cloud_settings={}, table_settings={})


@contextmanager
def running(plan: Plan) -> Iterator[Whole]:
    """Everything, set up and started; ended after the block. For the main thread only."""
    plan.folder.prepare()
    whole = Whole(plan)
    try:
        whole.start_marketplace()
        whole.start_rest()
        yield whole
    finally:
        forced = whole.end()
    assert not forced, f"killed, because they did not end: {forced}"


def press(whole: Whole, keys: str, wanted: Callable[[Light], bool], what: str) -> Light:
    """Press, and wait for a sign that came after it."""
    table = whole.table
    place = table.lights.count
    table.type(keys)
    return table.lights.wait_for(
        wanted, since=place, deadline_s=SIGN_S, what=what, log=table.program.log
    )


def pack(whole: Whole, code: str, photos: int = 3) -> None:
    """Scan, take photos, send; returns when the light says that it is saved."""
    press(whole, f"{code}{SCAN_END}", titled("Order open"), f"scan of {code}")
    for number in range(1, photos + 1):
        press(whole, F1, titled(photo_title(number)), f"photo {number} of {code}")
    press(whole, F4, titled("Saved, go on"), f"sending {code}")


def titled(title: str) -> Callable[[Light], bool]:
    """Signs with this title."""
    return lambda light: light.title == title


def photo_title(number: int) -> str:
    """Title of the sign for so many photos."""
    return f"{number} photo{'s' if number > 1 else ''}"


def wait_sent_sign(whole: Whole, code: str, since: int) -> Light:
    """The light tells that an order was sent."""
    return whole.table.lights.wait_for(
        lambda light: light.title == SENT and code in light.text,
        since=since,
        deadline_s=SENT_S,
        what=f"sign for {code}",
        log=whole.cloud.program.log,
    )


def require_chat(whole: Whole, order: PlantedOrder, photos: list[TablePhoto] | None = None) -> None:
    """The buyer has the text once, each photo of the table's disk once, and nothing else."""
    of_table = photos_of(whole.plan.folder.spool, order.number) if photos is None else photos
    require_exactly(whole.marketplace.chat(order.buyer_id), order.number, of_table)


def proofs_of(whole: Whole, code: str | None = None) -> list[ProofSummary]:
    """What the table's journal has, of a code or of all, newest first."""
    reader = SpoolReader.open_reader(whole.plan.folder.spool)
    try:
        return reader.list_proofs(1000, code)
    finally:
        reader.close()


def sent_proofs(whole: Whole) -> list[ProofSummary]:
    """The proofs that were closed with F4, as the table's journal has them."""
    return [one for one in proofs_of(whole) if one.closing is Closing.SEND]


def broker_pid(whole: Whole) -> int:
    """The process id of the broker that the cloud runs now."""

    def find() -> int:
        listed = Path(f"/proc/{whole.cloud.program.pid}/task").glob("*/children")
        pids = [int(pid) for children in listed for pid in children.read_text().split()]
        return next((pid for pid in pids if _name(pid) == "mosquitto"), 0)

    return eventually(find)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
