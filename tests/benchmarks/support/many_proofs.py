"""A log of a year: proofs of several organisations, with orders, parcels, photos and dispatches.

What a packing hall of 40 tables would leave behind: shops of very different size, nearly all sent,
a few of each trouble, some with photos sent again, outages after which a day's proofs come late.
Messages and attempts are left out: the log does not read them.
"""

import hashlib
import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from cloud.proofs.models import STEP
from cloud.proofs.states import ProofState
from tests.benchmarks.support.bulk_rows import Cell, Chunk, Row

_COLUMNS = {
    "proofs": "id organisation_id proof_key device_id table_id code closing mode revision sequence"
    " opened_at closed_at clock_synced received_at packed_at off_step packer photo_count platform",
    "proof_photos": "id organisation_id proof_id position sha256 size_bytes taken_at clock_synced"
    " source warnings",
    "orders": "id organisation_id shop_id order_number status cancelled refunded buyer_id"
    " buyer_name ordered_at changed_at read_at",
    "parcels": "id organisation_id order_id package_number tracking_number read_at",
    "dispatches": "id organisation_id kind proof_id proof_key device_id code shop_id order_id"
    " parcel_id state reason detail request_key everything note asked_at created_at updated_at"
    " withdrawn sent_count total_count asked_by_member_id resend_of_id",
}
COLUMNS: Mapping[str, Sequence[str]] = {name: line.split() for name, line in _COLUMNS.items()}
"""By table, in the order of the cells."""

DAYS = 250
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
WORKDAY = timedelta(hours=16)
CHUNK = 20_000
OUTAGE_EVERY = 30
"""Days between those on which all proofs of the morning came in the evening."""

_ENDS = {
    "sent": 96_200,
    "saved-not-sent": 1_500,
    "failed": 700,
    "needs-person": 500,
    "unsent": 500,
    "cancelled": 300,
    "partly-sent": 200,
    "not-shown": 100,
}
"""Of 100,000 proofs. The states of those on their way are of the newest alone, see `_newest`."""
_REASONS = {
    "failed": "refused-content",
    "needs-person": "order-not-found",
    "partly-sent": "refused-content",
    "saved-not-sent": "shop-switched-off",
    "held": "authorization",
}
_APART = 3
"""Place of a shop, and of a table that packs for all shops but this one."""
_RARE = {"held": 3, "not-confirmed": 5}
"""So many of them, spread over the whole log."""


@dataclass(frozen=True, slots=True)
class Seller:
    """An organisation and its share of what is packed."""

    organisation_id: int
    member_id: int
    shops: tuple[int, ...]
    """From the largest to one with hardly any order; not all shops need to be here."""
    tables: tuple[tuple[int, str], ...]
    """Id and device; the last one was given up after a fiftieth of the time."""
    weight: int


def _ladder(count: int) -> list[float]:
    """Each a bit smaller than the one before: what shops and tables look like."""
    return list(accumulate(1 / (place + 1) for place in range(count)))


class Log:
    """Makes the rows, the same for the same size."""

    def __init__(self, sellers: Sequence[Seller], proofs: int) -> None:
        self._sellers = sellers
        self.proofs = proofs
        self._random = random.Random(1)
        self._ends, self._end_steps = list(_ENDS), list(accumulate(_ENDS.values()))
        self._photo_id = self._dispatch_id = 0
        self._rare = {
            proofs * (place + 1) // (count + 2): state
            for state, count in _RARE.items()
            for place in range(count)
        }
        self.order_numbers: list[str] = []
        """Some numbers of the first seller, from all of the time."""
        self.tracking_numbers: list[str] = []
        self.rare_pair = (sellers[0].shops[_APART], sellers[0].tables[_APART][0])
        """A shop and a table, both busy all the time, that hardly ever met."""

    def chunks(self) -> Iterator[Chunk]:
        """All rows, oldest first."""
        owners = [one for one in self._sellers for _ in range(one.weight)]
        for start in range(0, self.proofs, CHUNK):
            chunk: dict[str, list[Row]] = {table: [] for table in COLUMNS}
            for number in range(start, min(start + CHUNK, self.proofs)):
                owner = owners[0] if number in self._rare else self._random.choice(owners)
                self._add(chunk, number, owner)
            yield chunk

    def _add(self, chunk: dict[str, list[Row]], number: int, owner: Seller) -> None:
        one = _Parcel(self, number, owner)
        chunk["proofs"].append(one.proof())
        for place in range(photos_of(number)):
            self._photo_id += 1
            chunk["proof_photos"].append(one.photo(self._photo_id, place))
        if one.is_known:
            chunk["orders"].append(one.order())
            chunk["parcels"].append(one.parcel())
        if one.is_dispatched:
            self._dispatch_id += 1
            chunk["dispatches"].append(one.dispatch(self._dispatch_id, one.state))
        if one.state == "failed" and number % 3 == 0:
            # A third of what failed was sent again by a person, and went.
            self._dispatch_id += 1
            chunk["dispatches"].append(one.dispatch(self._dispatch_id, "sent", again=True))
        if owner is self._sellers[0] and number % 997 == 0 and one.is_known:
            self.order_numbers.append(one.order_number)
            self.tracking_numbers.append(one.tracking)

    def state_of(self, number: int) -> str:
        """What became of a proof."""
        if number in self._rare:
            return self._rare[number]
        if newest := _newest(self.proofs - number):
            return newest
        return self._ends[bisect_right(self._end_steps, self._random.randrange(100_000))]

    def place_on_ladder(self, count: int) -> int:
        """A place, the first the most often."""
        steps = _ladder(count)
        return bisect_right(steps, self._random.random() * steps[-1])

    def times(self, number: int) -> tuple[datetime, datetime]:
        """When it was packed, and when it came."""
        day, part = divmod(number * DAYS, self.proofs)
        packed = FIRST_DAY + timedelta(days=day) + WORKDAY * (part / self.proofs)
        came = packed + timedelta(seconds=2)
        if day % OUTAGE_EVERY == 0 and part * 2 < self.proofs:
            came = FIRST_DAY + timedelta(days=day) + WORKDAY / 2
        return packed, came


def _newest(from_the_end: int) -> str:
    """States that only proofs of the last minutes are in."""
    if from_the_end <= 3:
        return ProofState.SENDING
    if from_the_end <= 40:
        return ProofState.QUEUED
    return ProofState.WAITING_FOR_ORDER if from_the_end <= 100 else ""


def photos_of(number: int) -> int:
    """How many photos a proof has."""
    return 1 + number % 3


class _Parcel:
    """One packed parcel and its rows."""

    def __init__(self, log: Log, number: int, owner: Seller) -> None:
        self.id = number + 1
        self.owner = owner
        self.state = log.state_of(number)
        self.packed, self.came = log.times(number)
        # A table without a clock, once in a while.
        self.synced = int(number % 2_000 != 7)
        self.shop = self._shop(log)
        self.table, self.device = self._place(log)
        # Each table has its packer, but for a fifth that never scan a badge, and a rare helper.
        self.packer: Cell = None if number % 5 == 0 else f"Packer {self.table}"
        if number % 20_011 == 0:
            self.packer = "Helper"
        self.key = hashlib.blake2b(number.to_bytes(8), digest_size=16).hexdigest()
        self.order_number = f"{self.packed:%y%m%d}{self.key[:8].upper()}"
        # Carriers use a number again after a while.
        self.tracking = f"MY{number % 900_000_000 if number % 50_000 else 42:012}"

    @property
    def is_known(self) -> bool:
        return self.state not in {"waiting-for-order", "unsent", "needs-person"}

    @property
    def is_dispatched(self) -> bool:
        return self.state != "unsent" and (self.state != "cancelled" or self.id % 2 == 0)

    def proof(self) -> Row:
        closing = "unsent" if self.state == "unsent" else "send"
        if self.state == "cancelled" and not self.is_dispatched:
            closing = "cancelled"
        closed = self.packed if self.synced else datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
        # Half of the packers scan the parcel's label.
        code = self.tracking if self.id % 2 else self.order_number
        return (
            *(self.id, self.owner.organisation_id, self.key, self.device, self.table, code),
            *(closing, "packing", 1, self.id, _text(closed - timedelta(seconds=40))),
            *(_text(closed), self.synced, _text(self.came)),
            *(_text(self.packed if self.synced else self.came), self._is_off_step()),
            *(self.packer, photos_of(self.id - 1), "table"),
        )

    def _is_off_step(self) -> int:
        return int(bool(self.synced) and self.came - self.packed > STEP)

    def photo(self, photo_id: int, place: int) -> Row:
        sha256 = hashlib.sha256(photo_id.to_bytes(8)).hexdigest()
        return (
            *(photo_id, self.owner.organisation_id, self.id, place, sha256, 310_000),
            *(_text(self.packed), self.synced, "imx708", ""),
        )

    def order(self) -> Row:
        seen = _text(self.packed - timedelta(hours=20))
        return (
            *(self.id, self.owner.organisation_id, self.shop, self.order_number, "SHIPPED", 0, 0),
            *(str(900_000_000 + self.id), f"buyer_{self.id}", seen, seen, seen),
        )

    def parcel(self) -> Row:
        package = f"OFG{self.id}"
        organisation_id, read = self.owner.organisation_id, _text(self.packed)
        return (self.id, organisation_id, self.id, package, self.tracking, read)

    def dispatch(self, dispatch_id: int, state: str, *, again: bool = False) -> Row:
        order: Cell = self.id if self.is_known else None
        at = _text(self.came)
        return (
            *(dispatch_id, self.owner.organisation_id, "proof", self.id, self.key, self.device),
            *(self.order_number, self.shop if order else None, order, order, state),
            *(_REASONS.get(state, ""), "", f"bench:{dispatch_id}", 0, "", at, at, at, 0),
            *(4 if state == "sent" else 0, 4, self.owner.member_id if again else None),
            dispatch_id - 1 if again else None,
        )

    def _shop(self, log: Log) -> int:
        # The smallest shop has three orders in a hundred thousand.
        if self.id % 33_333 == 0:
            return self.owner.shops[-1]
        return self.owner.shops[log.place_on_ladder(len(self.owner.shops) - 1)]

    def _place(self, log: Log) -> tuple[int, str]:
        if self.packed < FIRST_DAY + timedelta(days=DAYS / 50) and self.id % 10 == 0:
            return self.owner.tables[-1]
        place = log.place_on_ladder(len(self.owner.tables) - 1)
        if place == _APART and self.shop == self.owner.shops[_APART] and self.id % 5_000:
            place = 0
        return self.owner.tables[place]


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.%f")
