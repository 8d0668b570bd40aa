"""Lazada's orders: windows, pages, parcels and ids, from replies in their documented shapes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cloud.marketplaces.errors import MalformedReply, NotFound, PermanentError
from cloud.marketplaces.lazada.orders import MAX_OFFSET, PAGE_SIZE
from cloud.marketplaces.orders import OrderTime
from tests.support.lazada_answers import ACCESS, NOW, ORDER, Recorded, documented, lazada, refusal

SINCE = NOW - timedelta(days=1)
NO_ITEMS: dict[str, Any] = {"code": "0", "data": []}


def order_reply(**changes: Any) -> dict[str, Any]:
    reply: dict[str, Any] = documented("order_get")
    reply["data"].update(changes)
    return reply


def listed(*times: datetime, first: int = 1) -> dict[str, Any]:
    rows = [
        {
            "order_id": first + number,
            "statuses": ["pending"],
            "created_at": time.isoformat(),
            "updated_at": time.isoformat(),
        }
        for number, time in enumerate(times)
    ]
    return {"code": "0", "data": {"count": len(rows), "countTotal": 9999, "orders": rows}}


def test_an_order_has_its_buyer_parcels_and_items() -> None:
    recorded = Recorded(documented("order_get"), documented("order_items_get"))
    order = lazada(recorded).order(ACCESS, ORDER)
    assert (order.number, order.status) == (ORDER, "ready_to_ship")
    assert (order.buyer_id, order.buyer_name) == ("100000099", "T***n")
    assert [(p.number, p.tracking_number, p.carrier) for p in order.parcels] == [
        ("FP030000000001", "LXMY000000001", "LEX MY"),
        ("FP030000000002", "", "LEX MY"),
    ]
    assert [(i.item_id, i.name, i.sku, i.quantity) for i in order.items] == [
        ("430000000000001", "Mug, blue", "MUG-B", 2),
        ("430000000000003", "Spoon", "SPOON", 1),
    ]
    assert not order.is_cancelled
    assert recorded.paths == ["/order/get", "/order/items/get"]
    assert [query["order_id"] for query in recorded.queries] == [ORDER, ORDER]


def test_masked_fields_are_kept_as_they_are() -> None:
    recorded = Recorded(documented("order_get"), NO_ITEMS)
    recipient = lazada(recorded).order(ACCESS, ORDER).recipient
    assert recipient is not None
    assert (recipient.name, recipient.phone) == ("T***n", "60********21")
    assert recipient.address.startswith("J***a, Selangor, Petaling Jaya")


def test_a_parcel_without_a_package_is_known_by_its_tracking_number() -> None:
    items = documented("order_items_get")
    items["data"] = [{**items["data"][1], "package_id": ""}]
    (parcel,) = lazada(Recorded(documented("order_get"), items)).order(ACCESS, ORDER).parcels
    assert (parcel.number, parcel.tracking_number) == ("LXMY000000001", "LXMY000000001")


@pytest.mark.parametrize(
    "value",
    [
        "2023-11-14 10:26:40 +0800",
        "2023-11-14T10:26:40+08:00",
        "2023-11-14T02:26:40Z",
        "2023-11-14T10:26:40.123+08:00",
    ],
)
def test_an_orders_times_have_their_zone(value: str) -> None:
    order = lazada(Recorded(order_reply(created_at=value), NO_ITEMS)).order(ACCESS, ORDER)
    assert order.created_at == datetime(2023, 11, 14, 2, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2023-11-14 10:26:40", 1_699_900_000, "", None, "2023-13-14T10:26:40Z", "soon", True]
)
def test_a_time_without_a_zone_is_refused_instead_of_believed(value: Any) -> None:
    with pytest.raises(MalformedReply, match="created_at"):
        lazada(Recorded(order_reply(created_at=value))).order(ACCESS, ORDER)


@pytest.mark.parametrize(
    ("statuses", "cancelled"),
    [(["canceled", "canceled"], True), (["canceled", "packed"], False), ([], False)],
)
def test_an_order_is_cancelled_when_all_of_it_is(statuses: list[str], cancelled: bool) -> None:
    order = lazada(Recorded(order_reply(statuses=statuses), NO_ITEMS)).order(ACCESS, ORDER)
    assert order.is_cancelled is cancelled


def test_personal_data_stays_out_of_an_orders_repr() -> None:
    order = lazada(Recorded(documented("order_get"), NO_ITEMS)).order(ACCESS, ORDER)
    assert "T***n" not in repr(order)


def test_an_order_the_shop_does_not_have_is_not_found() -> None:
    other = order_reply(order_id=1)
    for reply in (refusal("16", "Invalid Order ID"), other):
        with pytest.raises(NotFound):
            lazada(Recorded(reply)).order(ACCESS, ORDER)


@pytest.mark.parametrize("code", ["231115ABCDEF12", "", "../1", "²", "-1"])
def test_what_cannot_be_an_order_of_lazada_is_not_asked_for(code: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        pytest.fail(f"{request.url} was asked")

    with pytest.raises(NotFound):
        lazada(answer).order(ACCESS, code)
    with pytest.raises(NotFound):
        lazada(answer).tracking_number(ACCESS, order_number=code)


def test_a_page_of_a_window_has_its_orders_with_their_items() -> None:
    recorded = Recorded(documented("orders_get"), documented("orders_items_get"))
    page = lazada(recorded).orders(ACCESS, since=SINCE, until=NOW)
    assert [order.number for order in page.orders] == [ORDER, "330011223344557"]
    assert [order.is_cancelled for order in page.orders] == [False, True]
    assert [order.buyer_id for order in page.orders] == ["100000099", "100000098"]
    assert len(page.orders[0].parcels) == 2
    assert page.next_cursor == ""
    window, items = recorded.queries
    assert (window["sort_by"], window["sort_direction"]) == ("updated_at", "ASC")
    assert (window["offset"], window["limit"]) == ("0", str(PAGE_SIZE))
    assert window["update_after"] == "2023-11-13T22:13:19+00:00"
    assert window["update_before"] == "2023-11-14T22:13:21+00:00"
    assert items["order_ids"] == "[330011223344556,330011223344557]"


def test_a_window_can_be_of_the_times_of_creation() -> None:
    recorded = Recorded(listed())
    lazada(recorded).orders(ACCESS, since=SINCE, until=NOW, by=OrderTime.CREATED)
    assert recorded.queries[0]["sort_by"] == "created_at"
    assert "created_after" in recorded.queries[0]
    assert "update_after" not in recorded.queries[0]


def test_a_full_page_goes_on_from_the_time_of_its_last_order() -> None:
    """With an offset, an order that is updated meanwhile would let another be passed over."""
    times = [SINCE + timedelta(minutes=number) for number in range(PAGE_SIZE)]
    page = lazada(Recorded(listed(*times), NO_ITEMS)).orders(ACCESS, since=SINCE, until=NOW)
    following = Recorded(listed())
    last = lazada(following).orders(ACCESS, since=SINCE, until=NOW, cursor=page.next_cursor)
    query = following.queries[0]
    assert query["update_after"] == (times[-1] - timedelta(seconds=1)).isoformat()
    assert query["update_before"] == "2023-11-14T22:13:21+00:00"
    assert query["offset"] == "0"
    assert last.next_cursor == ""


@pytest.mark.parametrize("times", ["all the same", "not sorted"])
def test_where_time_does_not_go_on_the_offset_does(times: str) -> None:
    rows = [SINCE] * PAGE_SIZE
    if times == "not sorted":
        rows = [NOW, *[SINCE + timedelta(hours=1)] * (PAGE_SIZE - 1)]
    page = lazada(Recorded(listed(*rows), NO_ITEMS)).orders(ACCESS, since=SINCE, until=NOW)
    following = Recorded(listed())
    lazada(following).orders(ACCESS, since=SINCE, until=NOW, cursor=page.next_cursor)
    assert following.queries[0]["offset"] == str(PAGE_SIZE)


def test_every_order_of_a_large_window_is_read_though_no_offset_goes_beyond_5000() -> None:
    shop = {number: SINCE + timedelta(seconds=number // 3) for number in range(12_000)}
    offsets: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if request.url.path.endswith("/items/get"):
            return httpx.Response(200, json=NO_ITEMS)
        offsets.append(int(query["offset"]))
        after = datetime.fromisoformat(query["update_after"])
        window = [number for number, time in shop.items() if time > after]
        rows = window[offsets[-1] : offsets[-1] + PAGE_SIZE]
        first = rows[0] if rows else 0
        return httpx.Response(200, json=listed(*(shop[row] for row in rows), first=first))

    seen: set[str] = set()
    cursor = ""
    for _ in range(1000):
        page = lazada(answer).orders(ACCESS, since=SINCE, until=NOW, cursor=cursor)
        seen |= {order.number for order in page.orders}
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(shop)
    assert max(offsets) <= MAX_OFFSET


def test_more_orders_of_one_second_than_can_be_paged_are_an_error_and_no_end() -> None:
    rows = listed(*[SINCE] * PAGE_SIZE)
    cursor = f"{int(SINCE.timestamp()) - 1}:{MAX_OFFSET}"
    with pytest.raises(PermanentError, match="too_many_orders_at_once"):
        lazada(Recorded(rows, NO_ITEMS)).orders(ACCESS, since=SINCE, until=NOW, cursor=cursor)


@pytest.mark.parametrize(
    ("parcel", "expected"),
    [("FP030000000001", "LXMY000000001"), ("FP030000000002", ""), ("", "LXMY000000001")],
)
def test_a_tracking_number_is_empty_until_issued(parcel: str, expected: str) -> None:
    recorded = Recorded(documented("order_items_get"))
    number = lazada(recorded).tracking_number(ACCESS, order_number=ORDER, parcel_number=parcel)
    assert number == expected


@pytest.mark.parametrize(
    ("since", "until", "cursor"),
    [(NOW, NOW, ""), (SINCE.replace(tzinfo=None), NOW, ""), (SINCE, NOW, "not ours")],
)
def test_a_window_that_cannot_be_is_the_callers_mistake(
    since: datetime, until: datetime, cursor: str
) -> None:
    with pytest.raises(ValueError, match=r"window|zone|cursor"):
        lazada(Recorded()).orders(ACCESS, since=since, until=until, cursor=cursor)
