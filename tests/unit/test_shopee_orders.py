"""Shopee's orders: windows, pages, parcels and ids, from replies in their documented shapes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from cloud.marketplaces.errors import MalformedReply, NotFound
from cloud.marketplaces.orders import OrderTime
from tests.support.shopee_answers import (
    ACCESS,
    BIG_ID,
    NOW,
    ORDER,
    Recorded,
    documented,
    refusal,
    shopee,
)

LAST_PAGE = {"error": "", "response": {"more": False, "next_cursor": "", "order_list": []}}


def order_reply(**changes: Any) -> dict[str, Any]:
    reply: dict[str, Any] = documented("get_order_detail")
    reply["response"]["order_list"] = [{**reply["response"]["order_list"][0], **changes}]
    return reply


def test_an_order_has_its_buyer_parcels_and_items() -> None:
    recorded = Recorded(order_reply(), documented("get_package_detail"))
    order = shopee(recorded).order(ACCESS, ORDER)
    assert (order.number, order.status) == (ORDER, "PROCESSED")
    assert (order.buyer_id, order.buyer_name) == (BIG_ID, "tan.wei")
    assert [(p.number, p.tracking_number, p.carrier) for p in order.parcels] == [
        ("OFG100000000001", "SPXSG0123456789", "SPX Express"),
        ("OFG100000000002", "", "SPX Express"),
    ]
    assert [(i.item_id, i.name, i.variant, i.sku, i.quantity) for i in order.items] == [
        ("500000001", "Mug, blue", "0.3 l", "MUG-B", 2),
        ("500000002", "Spoon", "", "SPOON", 1),
    ]
    assert (order.is_cancelled, order.is_cancel_requested) == (False, False)
    assert order.recipient is not None
    assert order.recipient.phone == "******78"


def test_an_orders_times_are_seconds_with_their_zone() -> None:
    recorded = Recorded(order_reply(package_list=[]))
    order = shopee(recorded).order(ACCESS, ORDER)
    assert order.created_at == datetime(2023, 11, 13, 18, 26, 40, tzinfo=UTC)
    assert order.updated_at == datetime(2023, 11, 14, 19, 26, 40, tzinfo=UTC)


def test_an_order_is_asked_for_with_the_fields_that_come_only_on_request() -> None:
    recorded = Recorded(order_reply(), documented("get_package_detail"))
    shopee(recorded).order(ACCESS, ORDER)
    detail, packages = recorded.queries
    assert detail["order_sn_list"] == ORDER
    assert set(detail["response_optional_fields"].split(",")) >= {
        "buyer_user_id",
        "buyer_username",
        "package_list",
        "item_list",
        "recipient_address",
    }
    assert packages["package_number_list"] == "OFG100000000001,OFG100000000002"
    assert detail["sign"] == "9436ced46260b5bf398f982ea833cc2f471e48afafb465c29885672eeb9c3899"


@pytest.mark.parametrize(
    ("status", "cancelled", "requested"),
    [("CANCELLED", True, False), ("IN_CANCEL", False, True), ("SHIPPED", False, False)],
)
def test_cancelled_and_about_to_be_cancelled_are_told_apart(
    status: str, cancelled: bool, requested: bool
) -> None:
    reply = order_reply(order_status=status, package_list=None, item_list=None)
    order = shopee(Recorded(reply)).order(ACCESS, ORDER)
    assert (order.is_cancelled, order.is_cancel_requested) == (cancelled, requested)


def test_personal_data_stays_out_of_an_orders_repr() -> None:
    order = shopee(Recorded(order_reply(package_list=[]))).order(ACCESS, ORDER)
    assert "tan.wei" not in repr(order)
    assert "******78" not in repr(order)


def test_an_order_the_shop_does_not_have_is_not_found() -> None:
    for reply in (refusal("error_not_found"), {"error": "", "response": {"order_list": []}}):
        with pytest.raises(NotFound):
            shopee(Recorded(reply)).order(ACCESS, ORDER)


@pytest.mark.parametrize(
    "value", [1_699_900_000_000, 1_699_900_000_000_000_000, -1, True, 1.5, "x"]
)
def test_a_time_in_another_unit_is_refused_instead_of_believed(value: Any) -> None:
    with pytest.raises(MalformedReply, match=r"order_list\.0\.create_time"):
        shopee(Recorded(order_reply(create_time=value))).order(ACCESS, ORDER)


def test_a_page_of_a_window_has_details_and_a_cursor_to_go_on_with() -> None:
    recorded = Recorded(
        documented("get_order_list"),
        documented("get_order_detail"),
        documented("get_package_detail"),
    )
    page = shopee(recorded).orders(ACCESS, since=NOW - timedelta(days=1), until=NOW)
    assert [order.number for order in page.orders] == [ORDER, "231115ABCDEF34"]
    assert [order.is_cancelled for order in page.orders] == [False, True]
    assert recorded.paths == ["get_order_list", "get_order_detail", "get_package_detail"]
    listed = recorded.queries[0]
    assert (listed["time_range_field"], listed["page_size"]) == ("update_time", "50")
    assert (listed["time_from"], listed["time_to"]) == ("1699913600", "1700000000")

    following = Recorded(LAST_PAGE)
    last = shopee(following).orders(
        ACCESS, since=NOW - timedelta(days=1), until=NOW, cursor=page.next_cursor
    )
    assert following.queries[0]["cursor"] == "20"
    assert (last.orders, last.next_cursor) == ((), "")


def test_a_window_longer_than_15_days_is_read_in_spans_without_a_gap() -> None:
    spans: list[tuple[int, int]] = []
    cursor = ""
    for _ in range(10):
        recorded = Recorded(LAST_PAGE)
        page = shopee(recorded).orders(
            ACCESS,
            since=NOW - timedelta(days=40),
            until=NOW,
            by=OrderTime.CREATED,
            cursor=cursor,
        )
        query = recorded.queries[0]
        assert query["time_range_field"] == "create_time"
        spans.append((int(query["time_from"]), int(query["time_to"])))
        cursor = page.next_cursor
        if not cursor:
            break
    assert spans[0][0] == 1_700_000_000 - 40 * 86_400
    assert spans[-1][1] == 1_700_000_000
    assert len(spans) == 3
    assert all(end - begin <= 15 * 86_400 for begin, end in spans)
    assert all(one[1] == other[0] for one, other in pairwise(spans))


def test_a_list_that_says_more_but_not_from_where_is_refused() -> None:
    reply = {"error": "", "response": {"more": True, "next_cursor": "", "order_list": []}}
    with pytest.raises(MalformedReply, match="not from where"):
        shopee(Recorded(reply)).orders(ACCESS, since=NOW - timedelta(days=1), until=NOW)


def test_tracking_numbers_are_asked_for_in_portions_of_50() -> None:
    packages = [{"package_number": f"P{number}"} for number in range(51)]
    one = {"error": "", "response": {"package_list": []}}
    recorded = Recorded(order_reply(package_list=packages), one, one)
    order = shopee(recorded).order(ACCESS, ORDER)
    asked = [query["package_number_list"].split(",") for query in recorded.queries[1:]]
    assert [len(numbers) for numbers in asked] == [50, 1]
    assert len(order.parcels) == 51


@pytest.mark.parametrize(
    ("name", "expected"),
    [("get_tracking_number", "SPXSG0123456789"), ("get_tracking_number_not_issued", "")],
)
def test_a_tracking_number_is_empty_until_issued(name: str, expected: str) -> None:
    recorded = Recorded(documented(name))
    number = shopee(recorded).tracking_number(
        ACCESS, order_number=ORDER, parcel_number="OFG100000000001"
    )
    assert number == expected
    assert recorded.queries[0]["order_sn"] == ORDER
    assert recorded.queries[0]["package_number"] == "OFG100000000001"


@pytest.mark.parametrize(
    ("since", "until", "cursor"),
    [
        (NOW, NOW, ""),
        (NOW.replace(tzinfo=None), NOW, ""),
        (NOW - timedelta(days=1), NOW, "not ours"),
    ],
)
def test_a_window_that_cannot_be_is_the_callers_mistake(
    since: datetime, until: datetime, cursor: str
) -> None:
    with pytest.raises(ValueError, match=r"window|zone|cursor"):
        shopee(Recorded()).orders(ACCESS, since=since, until=until, cursor=cursor)
