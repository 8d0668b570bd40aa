"""TikTok Shop's orders: windows, pages, parcels and ids, from documented replies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud.marketplaces.errors import MalformedReply, NotFound, PermanentError
from cloud.marketplaces.orders import OrderTime
from tests.support.tiktok_answers import (
    ACCESS,
    BUYER,
    NOW,
    ORDER,
    Recorded,
    documented,
    refusal,
    seconds_after,
    success,
    tiktok,
)

FIRST, SECOND = "1152321127278713123", "1152321127278713124"
NO_ORDERS = success({"orders": []})


def order_reply(**changes: Any) -> dict[str, Any]:
    reply: dict[str, Any] = documented("orders")
    reply["data"]["orders"][0].update(changes)
    return reply


def parcels_of(**changes: Any) -> list[tuple[str, str]]:
    order = tiktok(Recorded(order_reply(**changes))).order(ACCESS, ORDER)
    return [(one.number, one.tracking_number) for one in order.parcels]


def line(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "product_id": "7", **fields}


def test_an_order_has_its_buyer_parcels_and_items() -> None:
    recorded = Recorded(order_reply())
    order = tiktok(recorded).order(ACCESS, ORDER)
    assert (order.number, order.status) == (ORDER, "AWAITING_COLLECTION")
    assert (order.buyer_id, order.buyer_name) == (BUYER, "tan.wei")
    assert [(p.number, p.tracking_number, p.carrier, p.status) for p in order.parcels] == [
        (FIRST, "JNTMY0000000101", "J&T Express", "AWAITING_COLLECTION"),
        (SECOND, "", "J&T Express", "AWAITING_SHIPMENT"),
    ]
    assert [(i.item_id, i.name, i.variant, i.sku, i.quantity) for i in order.items] == [
        ("1729582718312380123", "Mug, blue", "0.3 l", "MUG-B", 2),
        ("1729582718312380124", "Spoon", "", "SPOON", 1),
    ]
    assert (order.is_cancelled, order.is_cancel_requested) == (False, False)
    (request,) = recorded.requests
    assert request.url.path == "/order/202507/orders"
    assert (recorded.queries[0]["ids"], recorded.queries[0]["shop_cipher"]) == (
        ORDER,
        "GCP_cipher",
    )


def test_masked_fields_stay_as_they_are_and_out_of_the_repr() -> None:
    order = tiktok(Recorded(order_reply())).order(ACCESS, ORDER)
    assert order.recipient is not None
    assert (order.recipient.name, order.recipient.phone) == ("T** W**", "(+60)11****78")
    assert order.recipient.address == "Malaysia, Selangor, ****"
    assert "tan.wei" not in repr(order)
    assert "****78" not in repr(order)


def test_an_orders_times_are_seconds_with_their_zone() -> None:
    order = tiktok(Recorded(order_reply())).order(ACCESS, ORDER)
    assert order.created_at == datetime(2023, 11, 13, 18, 26, 40, tzinfo=UTC)
    assert order.updated_at == datetime(2023, 11, 14, 19, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"packages": None, "line_items": None}, []),
        ({"packages": [], "line_items": [], "tracking_number": "N1"}, [("N1", "N1")]),
        ({"packages": [{"id": 5}], "line_items": []}, [("5", "")]),
        ({"packages": [{"id": 5}], "line_items": [], "tracking_number": "N1"}, [("5", "N1")]),
        (
            {"packages": [{"id": 5}, {"id": 6}], "line_items": [], "tracking_number": "N1"},
            [("5", ""), ("6", ""), ("N1", "N1")],
        ),
        (
            {
                "packages": [{"id": 5}, {"id": 6}],
                "line_items": [line(package_id="5", tracking_number="N1")],
                "tracking_number": "N1",
            },
            [("5", "N1"), ("6", "")],
        ),
        (
            {"packages": [], "line_items": [line(package_id="8", tracking_number="N8"), line()]},
            [("8", "N8")],
        ),
        (
            {"packages": [], "line_items": [line(tracking_number="N9"), line(package_id=0)]},
            [("N9", "N9")],
        ),
    ],
)
def test_a_tracking_number_is_found_wherever_the_order_has_it(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert parcels_of(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "cancelled", "requested"),
    [
        ({"status": "CANCELLED"}, True, False),
        ({"is_buyer_request_cancel": True}, False, True),
        ({"status": "DELIVERED"}, False, False),
        ({"status": "A_NEW_ONE"}, False, False),
    ],
)
def test_cancelled_and_about_to_be_cancelled_are_told_apart(
    changes: dict[str, Any], cancelled: bool, requested: bool
) -> None:
    order = tiktok(Recorded(order_reply(**changes))).order(ACCESS, ORDER)
    assert (order.is_cancelled, order.is_cancel_requested) == (cancelled, requested)


@pytest.mark.parametrize("reply", [refusal(21008111, "not this seller's"), NO_ORDERS])
def test_an_order_the_shop_does_not_have_is_not_found(reply: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        tiktok(Recorded(reply)).order(ACCESS, ORDER)


def test_an_answer_about_another_order_is_not_this_one() -> None:
    with pytest.raises(NotFound):
        tiktok(Recorded(order_reply(id="576461413038785999"))).order(ACCESS, ORDER)


@pytest.mark.parametrize("value", [1_699_900_000_000, -1, True, 1.5, "x", "2023-11-13"])
def test_a_time_in_another_unit_is_refused_instead_of_believed(value: Any) -> None:
    with pytest.raises(MalformedReply, match=r"orders\.0\.create_time"):
        tiktok(Recorded(order_reply(create_time=value))).order(ACCESS, ORDER)


@pytest.mark.parametrize(
    ("by", "field"), [(OrderTime.UPDATED, "update_time"), (OrderTime.CREATED, "create_time")]
)
def test_a_page_of_a_window_is_asked_for_oldest_first(by: OrderTime, field: str) -> None:
    recorded = Recorded(documented("orders_search"))
    since = seconds_after(-1000.5)
    page = tiktok(recorded).orders(ACCESS, since=since, until=NOW, by=by)
    assert [(order.number, order.is_cancelled) for order in page.orders] == [
        (ORDER, False),
        ("576461413038785753", True),
    ]
    (request,) = recorded.requests
    assert (request.method, request.url.path) == ("POST", "/order/202309/orders/search")
    query = recorded.queries[0]
    assert (query["page_size"], query["sort_field"], query["sort_order"]) == ("50", field, "ASC")
    # The end of TikTok Shop's window does not belong to it, that of ours does.
    assert recorded.bodies == [{f"{field}_ge": 1699998999, f"{field}_lt": 1700000001}]

    last = Recorded(success({"orders": [], "next_page_token": ""}))
    ended = tiktok(last).orders(ACCESS, since=since, until=NOW, by=by, cursor=page.next_cursor)
    assert last.queries[0]["page_token"] == "aDU0dHk="
    assert last.bodies == recorded.bodies
    assert (ended.orders, ended.next_cursor) == ((), "")


def test_a_search_that_finds_nothing_may_leave_its_list_out() -> None:
    reply = success({"next_page_token": None, "total_count": 0})
    page = tiktok(Recorded(reply)).orders(ACCESS, since=seconds_after(-1), until=NOW)
    assert (page.orders, page.next_cursor) == ((), "")


def test_a_page_token_that_does_not_go_on_is_not_followed_for_ever() -> None:
    with pytest.raises(MalformedReply, match="does not go on"):
        tiktok(Recorded(documented("orders_search"))).orders(
            ACCESS, since=seconds_after(-1), until=NOW, cursor="aDU0dHk="
        )


def test_a_tracking_number_is_in_the_order_or_in_its_package() -> None:
    in_order = Recorded(order_reply())
    found = tiktok(in_order).tracking_number(ACCESS, order_number=ORDER, parcel_number=FIRST)
    assert (found, len(in_order.requests)) == ("JNTMY0000000101", 1)

    in_package = Recorded(order_reply(), documented("package"))
    found = tiktok(in_package).tracking_number(ACCESS, order_number=ORDER, parcel_number=SECOND)
    assert found == "JNTMY0000000102"
    assert in_package.paths[1] == f"/fulfillment/202309/packages/{SECOND}"


def test_without_a_parcel_any_of_the_orders_numbers_is_meant() -> None:
    recorded = Recorded(order_reply())
    assert tiktok(recorded).tracking_number(ACCESS, order_number=ORDER) == "JNTMY0000000101"


def test_a_tracking_number_is_empty_until_issued() -> None:
    none_yet = Recorded(order_reply(packages=[], line_items=[]))
    assert tiktok(none_yet).tracking_number(ACCESS, order_number=ORDER) == ""
    package = documented("package")
    package["data"]["tracking_number"] = ""
    recorded = Recorded(order_reply(), package)
    number = tiktok(recorded).tracking_number(ACCESS, order_number=ORDER, parcel_number=SECOND)
    assert number == ""


@pytest.mark.parametrize("parcel", ["../orders", "a b", "1/2", "1?x=1"])
def test_a_parcel_that_no_path_could_name_is_not_asked_for(parcel: str) -> None:
    recorded = Recorded(order_reply())
    assert tiktok(recorded).tracking_number(ACCESS, order_number=ORDER, parcel_number=parcel) == ""
    assert len(recorded.requests) == 1


def test_an_order_without_a_permission_is_no_missing_order() -> None:
    with pytest.raises(PermanentError) as caught:
        tiktok(Recorded(refusal(10006402))).order(ACCESS, ORDER)
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (NOW, NOW),
        (NOW, NOW - timedelta(days=1)),
        (NOW.replace(tzinfo=None), NOW + timedelta(days=1)),
        (NOW, (NOW + timedelta(days=1)).replace(tzinfo=None)),
    ],
)
def test_a_window_that_cannot_be_is_the_callers_mistake(since: datetime, until: datetime) -> None:
    with pytest.raises(ValueError, match=r"window|zone"):
        tiktok(Recorded()).orders(ACCESS, since=since, until=until)
