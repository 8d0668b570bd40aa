"""The pages of a chat log that are worth timing, each with plain SQL for the proofs on it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cloud.conversations.states import DispatchState
from tests.benchmarks.support.many_proofs import FIRST_DAY, Log
from tests.support.dashboard_rows import World

PAGES = 60
"""Of each kind."""
DETAILS = """
SELECT p.id, p.code, p.closed_at, p.closing, t.name, d.state, d.reason, o.order_number,
       o.buyer_name, s.name, c.tracking_number,
       (SELECT count(*) FROM proof_photos f WHERE f.proof_id = p.id)
FROM ({ids}) found JOIN proofs p ON p.id = found.id JOIN packing_tables t ON t.id = p.table_id
LEFT JOIN dispatches d ON d.id = (SELECT max(n.id) FROM dispatches n
    WHERE n.organisation_id = p.organisation_id AND n.proof_id = p.id)
LEFT JOIN orders o ON o.id = d.order_id LEFT JOIN shops s ON s.id = d.shop_id
LEFT JOIN parcels c ON c.id = d.parcel_id ORDER BY p.id DESC
"""
"""What a page shows of the proofs whose ids ``{ids}`` finds."""
_PROOFS = "SELECT id FROM proofs WHERE organisation_id = {org} {more} ORDER BY id DESC LIMIT 51"
_SENDS = (
    "SELECT DISTINCT proof_id AS id FROM dispatches WHERE organisation_id = {org} {more}"
    " ORDER BY proof_id DESC LIMIT 51"
)
_CODES = (
    "SELECT id FROM proofs WHERE organisation_id = {org} AND code = '{code}' UNION"
    " SELECT proof_id FROM dispatches WHERE organisation_id = {org} AND order_id IN"
    " (SELECT id FROM orders WHERE organisation_id = {org} AND order_number = '{code}' UNION"
    " SELECT order_id FROM parcels WHERE organisation_id = {org} AND tracking_number = '{code}')"
)
_NEWEST = "SELECT id FROM ({ids}) newest"
_BY_DAY = "AND off_step IN (1 = 0, 1 = 1)"
"""What the index over days begins with."""
Page = tuple[dict[str, str | int], str]
"""Parameters of a page, and the SQL for the ids on it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of page; each round asks for another one of it."""

    name: str
    page: Callable[[int], Page]


class Cases:
    """The pages of one log."""

    def __init__(self, world: World, log: Log, shops: Sequence[int], tables: Sequence[int]) -> None:
        self._org, self._log = world.organisation_id, log
        self._shops, self._tables = shops, tables

    def all(self) -> Iterator[Case]:
        """In the order of the table that is printed."""
        yield self._proofs("first page")
        yield Case("deep page", self._deep)
        for state in ("sent", "failed", "held", "queued"):
            yield self._sends(f"state {state}", {"state": state}, f"AND state = '{state}'")
        unsent = "AND closing = 'unsent'"
        yield self._proofs("state not closed with F4", {"state": "unsent"}, unsent)
        attention = "AND state IN ('failed','partly-sent','needs-person','not-confirmed','held')"
        yield self._sends("group that needs attention", {"state": "attention"}, attention)
        for name, shop in (("largest", 0), ("smallest", -2), ("without orders", -1)):
            yield self._shop(f"shop, {name}", self._shops[shop])
        for name, table in (("busiest", 0), ("given up", -2), ("never used", -1)):
            wanted = f"AND table_id = {self._tables[table]}"
            yield self._proofs(f"table, {name}", {"table": self._tables[table]}, wanted)
        yield Case("date, one day", lambda number: self._days(number * 4, 1))
        yield Case("date, a month long ago", lambda number: self._days(number % 20, 30))
        yield Case("date, until long ago", lambda number: self._until(number % 20 + 3))
        yield Case("date, before anything", lambda number: self._days(-9 - number, 1))
        yield self._proofs("packer", {"packer": self._packer}, f"AND packer = '{self._packer}'")
        yield self._proofs("packer, rare", {"packer": "Helper"}, "AND packer = 'Helper'")
        yield self._proofs("photos: 2", {"photos": 2}, "AND photo_count = 2")
        yield self._sends("marketplace", {"channel": "shopee"}, "")
        yield self._sends(
            "marketplace, failed", {"channel": "shopee", "state": "failed"}, "AND state = 'failed'"
        )
        yield Case("order number", lambda number: self._code(self._log.order_numbers, number))
        yield Case("tracking number", lambda number: self._code(self._log.tracking_numbers, number))
        yield Case("number that is not there", lambda number: self._code([f"NONE{number}"], number))
        yield from self._combined()
        yield from self._combined_with_packers()

    @property
    def _packer(self) -> str:
        """Of the busiest table."""
        return f"Packer {self._tables[0]}"

    def _combined_with_packers(self) -> Iterator[Case]:
        yield self._both("failed, rare packer", {"state": "failed", "packer": "Helper"})
        yield self._both("sent, one photo", {"state": "sent", "photos": 1})
        yield self._both("largest shop, rare packer", {"shop": self._shops[0], "packer": "Helper"})
        yield self._both("largest shop, packer", {"shop": self._shops[0], "packer": self._packer})
        both: dict[str, str | int] = {"table": self._tables[1], "packer": self._packer}
        yield self._both("table of another packer", both)

    def _combined(self) -> Iterator[Case]:
        table, shop = self._tables[-2], self._shops[0]
        yield self._both("sent at the table given up", {"state": "sent", "table": table})
        yield self._both(
            "failed at the busiest table", {"state": "failed", "table": self._tables[0]}
        )
        yield self._both("largest shop, busiest table", {"shop": shop, "table": self._tables[0]})
        apart_shop, apart_table = self._log.rare_pair
        yield self._both(
            "shop and table that never met", {"shop": apart_shop, "table": apart_table}
        )
        yield self._both(
            "failed of the smallest shop", {"state": "failed", "shop": self._shops[-2]}
        )
        yield Case("sent, one day", lambda number: self._days(number * 4, 1, state="sent"))
        yield Case("held, a month", lambda number: self._days(number * 3, 30, state="held"))
        yield Case("largest shop, one day", lambda number: self._days(number * 4, 1, shop=shop))
        busiest = self._tables[0]
        yield Case(
            "busiest table, one day", lambda number: self._days(number * 4, 1, table=busiest)
        )

    def _proofs(self, name: str, query: dict[str, str | int] | None = None, more: str = "") -> Case:
        sql = _PROOFS.format(org=self._org, more=more)
        return Case(name, lambda _number: (query or {}, sql))

    def _sends(self, name: str, query: dict[str, str | int], more: str) -> Case:
        sql = _SENDS.format(org=self._org, more=more)
        return Case(name, lambda _number: (query, sql))

    def _shop(self, name: str, shop: int) -> Case:
        """The newest in each state, since that is how the index has them."""
        wanted = "AND shop_id = {shop} AND state = '{state}'"
        states = [
            _NEWEST.format(
                ids=_SENDS.format(org=self._org, more=wanted.format(shop=shop, state=state.value))
            )
            for state in DispatchState
        ]
        sql = f"SELECT id FROM ({' UNION '.join(states)}) every ORDER BY id DESC LIMIT 51"  # noqa: S608  own numbers
        return Case(name, lambda _number: ({"shop": shop}, sql))

    def _both(self, name: str, query: dict[str, str | int]) -> Case:
        return Case(name, lambda _number: (query, self._joined(query, "")))

    def _deep(self, number: int) -> Page:
        before = self._log.proofs * (number + 1) // (PAGES + 2)
        more = f"AND id < {before}"
        return {"before": before}, _PROOFS.format(org=self._org, more=more)

    def _days(self, first: int, count: int, **query: str | int) -> Page:
        start = FIRST_DAY + timedelta(days=first)
        end = start + timedelta(days=count)
        days = {"from": f"{start:%Y-%m-%d}", "to": f"{end - timedelta(days=1):%Y-%m-%d}"}
        more = f"{_BY_DAY} AND p.packed_at >= '{start:%F} 00:00:00'"
        more += f" AND p.packed_at < '{end:%F} 00:00:00'"
        return {**days, **query}, self._joined(query, more)

    def _until(self, day: int) -> Page:
        end = FIRST_DAY + timedelta(days=day)
        more = f"{_BY_DAY} AND packed_at < '{end + timedelta(days=1):%F} 00:00:00'"
        return {"to": f"{end:%F}"}, _PROOFS.format(org=self._org, more=more)

    def _joined(self, query: dict[str, str | int], more: str) -> str:
        wanted = {
            "state": " AND d.state = '{}'",
            "shop": " AND d.shop_id = {}",
            "table": " AND p.table_id = {}",
            "packer": " AND p.packer = '{}'",
            "photos": " AND p.photo_count = {}",
        }
        more += "".join(wanted[name].format(value) for name, value in query.items())
        needs_send = {"state", "shop"} & set(query)
        source = "proofs p" + (" JOIN dispatches d ON d.proof_id = p.id" if needs_send else "")
        return (
            f"SELECT DISTINCT p.id FROM {source} WHERE p.organisation_id = {self._org} {more}"  # noqa: S608  own numbers
            " ORDER BY p.id DESC LIMIT 51"
        )

    def _code(self, codes: Sequence[str], number: int) -> Page:
        code = codes[number * 7 % len(codes)]
        return {"code": code}, _CODES.format(org=self._org, code=code)
