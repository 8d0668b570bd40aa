"""What is packed at each table and what goes wrong meanwhile: from the seed alone. Pure.

Each job is made from seed, table and its own number, so one can be looked at without the others,
and how fast the machine is changes nothing in any of them.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

MOST_PHOTOS = 3
FIRST_BUYER = 920_000_000
FIRST_SHOP = 23_000_001

REQUEST_DEADLINE_MS = 2000
"""The cloud's own deadline in a soak; some answers come later than that."""
SETTLE_MS = 2000
"""How long a chat may take to show a message; what is planned stays within that."""

_BUYERS_OF_A_TABLE = 1_000_000


class Step(StrEnum):
    """Where in a job a fault begins."""

    SCAN = "scan"
    PHOTO = "first photo"
    SEND = "F4"
    SAVED = "saved"


class Victim(StrEnum):
    """A process to be killed or made to stand still."""

    TABLE = "table"
    CLOUD = "cloud"
    BROKER = "broker"
    MARKETPLACE = "marketplace"


@dataclass(frozen=True, slots=True)
class Kill:
    """End a process by SIGKILL; it is started again."""

    victim: Victim


@dataclass(frozen=True, slots=True)
class Freeze:
    """Make a process stand still, by SIGSTOP and later SIGCONT."""

    victim: Victim
    for_ms: int


@dataclass(frozen=True, slots=True)
class CutNetwork:
    """Cut the table off from the broker."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of the marketplace (docs/sandbox.md), met by the next call of the job's shop."""

    kind: str
    path: str
    fields: tuple[tuple[str, int | float | str], ...] = ()


What = Kill | Freeze | CutNetwork | Trouble


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """``what`` begins ``delay_ms`` after the key of the step was pressed."""

    step: Step
    delay_ms: int
    what: What


@dataclass(frozen=True, slots=True)
class Order:
    """An order and whose it is. A buyer may have orders at two shops, never two at one."""

    number: str
    shop_id: int
    buyer_id: int


@dataclass(frozen=True, slots=True)
class Job:
    """One order at one table."""

    table: int
    index: int
    order: Order
    photos: int
    takes_one_back: bool
    """A photo more is taken and taken back again."""
    is_left: bool
    """The packer leaves it without F4: nobody may get anything of it."""
    faults: tuple[PlannedFault, ...]


@dataclass(frozen=True, slots=True)
class Rates:
    """How many faults a hundred jobs have on average, by kind."""

    kills: float = 5.5
    freezes: float = 1.0
    cuts: float = 2.0
    troubles: float = 4.0


_VICTIMS = {Victim.TABLE: 50, Victim.CLOUD: 20, Victim.BROKER: 18, Victim.MARKETPLACE: 12}
_LATE_MS = REQUEST_DEADLINE_MS + 300
_TROUBLES = (
    Trouble("delay", "send_message", (("delay_ms", _LATE_MS),)),
    Trouble("delay_after", "send_message", (("delay_ms", _LATE_MS),)),
    Trouble("drop_before", "send_message"),
    Trouble("drop_after", "send_message"),
    Trouble("error_before", "send_message"),
    Trouble("error_after", "send_message"),
    Trouble("error_after", "send_message", (("http_status", 502),)),
    Trouble("not_json", "send_message"),
    Trouble("rate_limit", "send_message"),
    Trouble("rate_limit", "send_message", (("retry_after_s", 1),)),
    Trouble("token_expired", "send_message"),
    Trouble("error_body", "send_message", (("error", "message_is_censored"),)),
    Trouble("show_late", "send_message", (("visible_after_s", SETTLE_MS / 4000),)),
    Trouble("drop_after", "upload_image"),
    Trouble("error_before", "upload_image"),
    Trouble("drop_before", "get_message"),
    Trouble("delay", "get_message", (("delay_ms", _LATE_MS),)),
    Trouble("error_before", "get_order_detail"),
)

_PACKING = (Victim.TABLE,)
"""What dies within the moments of a single press; the others have more time."""
_SOON_MS, _LATER_MS = 120, 1500


def job(seed: int, table: int, index: int, *, shops: int, rates: Rates) -> Job:
    """The job with this number, from 0, at this table, from 0."""
    chance = random.Random(f"{seed}/{table}/{index}")
    return Job(
        table=table,
        index=index,
        order=order(seed, table, index, shops=shops),
        photos=chance.choices((1, 2, MOST_PHOTOS), (5, 3, 2))[0],
        takes_one_back=chance.random() < 0.03,
        is_left=chance.random() < 0.03,
        faults=_faults(chance, rates),
    )


def order(seed: int, table: int, index: int, *, shops: int) -> Order:
    """The order of a job. Each second job may be of the buyer before, at another shop."""
    pair = index // 2
    chance = random.Random(f"{seed}/{table}/pair {pair}")
    first_shop, is_shared = chance.randrange(shops), chance.random() < 0.5 and shops > 1
    is_second = index % 2 == 1
    shop = (first_shop + is_second) % shops
    buyer = 2 * pair + (is_second and not is_shared)
    return Order(
        # Six digits and eight letters or digits, as the marketplace's; a letter keeps it from
        # being taken for the barcode of goods.
        number=f"261018{chr(ord('A') + table)}{index:07d}",
        shop_id=FIRST_SHOP + shop,
        buyer_id=FIRST_BUYER + _BUYERS_OF_A_TABLE * table + buyer,
    )


def _faults(chance: random.Random, rates: Rates) -> tuple[PlannedFault, ...]:
    made: list[PlannedFault] = []
    for rate, make in (
        (rates.kills, _kill),
        (rates.freezes, _freeze),
        (rates.cuts, _cut),
        (rates.troubles, _trouble),
    ):
        # Both are asked for always: another rate leaves the rest of the plan as it is.
        fault, is_due = make(chance), chance.random() < rate / 100
        made += [fault] * is_due
    return tuple(made)


def _victim(chance: random.Random) -> Victim:
    return chance.choices(tuple(_VICTIMS), tuple(_VICTIMS.values()))[0]


def _at(chance: random.Random, victim: Victim, what: What) -> PlannedFault:
    longest_ms = _SOON_MS if victim in _PACKING else _LATER_MS
    return PlannedFault(chance.choice(tuple(Step)), chance.randint(0, longest_ms), what)


def _kill(chance: random.Random) -> PlannedFault:
    victim = _victim(chance)
    return _at(chance, victim, Kill(victim))


def _freeze(chance: random.Random) -> PlannedFault:
    victim = _victim(chance)
    return _at(chance, victim, Freeze(victim, chance.randint(500, 3000)))


def _cut(chance: random.Random) -> PlannedFault:
    return _at(chance, Victim.TABLE, CutNetwork(chance.randint(200, 4000)))


def _trouble(chance: random.Random) -> PlannedFault:
    return PlannedFault(Step.SAVED, 0, chance.choice(_TROUBLES))
