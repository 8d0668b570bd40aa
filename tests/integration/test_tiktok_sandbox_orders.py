"""Orders and packages at the TikTok Shop sandbox (marketplace-apis 3.3)."""

import time
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from sandbox.tiktok import demo_seed
from tests.support.tiktok_caller import TikTokCaller, code_of, data_of

SEARCH = "/order/202309/orders/search"
ORDERS = "/order/202309/orders"
NEWER = "/order/202507/orders"
PACKAGES = "/fulfillment/202309/packages"
TWO = demo_seed.TWO_PARCELS_ORDER_ID


def one(tiktok: TikTokCaller, order_id: str, path: str = ORDERS) -> dict[str, Any]:
    (order,) = data_of(tiktok.get(path, ids=order_id))["orders"]
    found: dict[str, Any] = order
    return found


def test_an_order_has_its_buyer_its_units_and_their_parcels(tiktok: TikTokCaller) -> None:
    order = one(tiktok, TWO)
    assert (order["id"], order["user_id"]) == (TWO, demo_seed.buyer_id(1))
    assert order["status"] == "AWAITING_COLLECTION"
    numbers = [(item["package_id"], item["tracking_number"]) for item in order["line_items"]]
    assert numbers == [
        ("115000000000000201", "TTMY0000000201"),
        ("115000000000000202", "TTMY0000000202"),
    ]
    assert [package["id"] for package in order["packages"]] == [number for number, _ in numbers]
    assert isinstance(order["payment"]["total_amount"], str)
    assert abs(order["create_time"] - time.time()) < 86_400


def test_what_tells_who_the_buyer_is_comes_masked(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    address = one(tiktok, TWO)["recipient_address"]
    assert (address["name"], address["postal_code"]) == ("T***g", "*****")
    tiktok_control.call("PATCH", f"/orders/{TWO}", {"masked": False})
    assert one(tiktok, TWO)["recipient_address"]["name"] == "Tan Wei Ming"


def test_only_newer_versions_have_the_buyers_nickname(tiktok: TikTokCaller) -> None:
    assert "buyer_nickname" not in one(tiktok, TWO)
    assert one(tiktok, TWO, NEWER)["buyer_nickname"] == "tan_weiming"


@pytest.mark.parametrize("style", ["comma", "repeated"])
def test_ids_come_in_either_style(tiktok: TikTokCaller, style: str) -> None:
    ids = [demo_seed.NORMAL_ORDER_ID, TWO]
    given = ",".join(ids) if style == "comma" else ids
    found = data_of(tiktok.get(NEWER, ids=given))["orders"]
    assert [order["id"] for order in found] == ids


def test_an_unknown_order_is_left_out_and_anothers_refused(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    assert data_of(tiktok.get(ORDERS, ids="576461413038700000"))["orders"] == []
    tiktok_control.call("POST", "/sellers", {"seller_id": "1"})
    shop = {"shop_id": "11", "shop_name": "Theirs", "seller_id": "1", "cipher": "GCP_theirs"}
    tiktok_control.call("POST", "/shops", shop)
    order = {"order_id": "576461413038700001", "shop_id": "11", "items": [{}]}
    tiktok_control.call("POST", "/orders", {**order, "buyer_id": demo_seed.buyer_id(0)})
    assert code_of(tiktok.get(ORDERS, ids="576461413038700001")) == 21008111


@pytest.mark.parametrize("ids", ["", ",".join(str(10**17 + number) for number in range(51))])
def test_one_to_fifty_ids(tiktok: TikTokCaller, ids: str) -> None:
    assert code_of(tiktok.get(ORDERS, ids=ids)) == 10002014


def test_orders_are_searched_by_pages(tiktok: TikTokCaller) -> None:
    seen: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        answer = data_of(
            tiktok.post(SEARCH, {}, page_size="5", page_token=token, sort_field="create_time")
        )
        seen += [order["id"] for order in answer["orders"]]
        token, pages = answer["next_page_token"], pages + 1
        assert answer["total_count"] == 13
    assert (pages, len(seen), len(set(seen))) == (3, 13, 13)
    assert seen[0] == demo_seed.NORMAL_ORDER_ID, "the newest first"


def test_a_window_has_its_beginning_and_not_its_end(tiktok: TikTokCaller) -> None:
    at = one(tiktok, TWO)["create_time"]

    def found(since: int, until: int) -> list[str]:
        body = {"create_time_ge": since, "create_time_lt": until}
        return [
            order["id"] for order in data_of(tiktok.post(SEARCH, body, page_size="50"))["orders"]
        ]

    assert found(at, at + 1) == [TWO]
    assert found(at - 1, at) == []


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({}, {"page_size": "101"}),
        ({}, {"page_size": "0"}),
        ({}, {}),
        ({}, {"page_size": "5", "sort_field": "price"}),
        ({}, {"page_size": "5", "sort_order": "UP"}),
        ({}, {"page_size": "5", "page_token": "Zm9yZ2Vk"}),
        ({"order_status": "LOST"}, {"page_size": "5"}),
        ({"create_time_ge": "yesterday"}, {"page_size": "5"}),
    ],
)
def test_a_search_that_is_none_is_refused(
    tiktok: TikTokCaller, body: dict[str, Any], query: dict[str, str]
) -> None:
    assert code_of(tiktok.post(SEARCH, body, **query)) == 10002014


def test_a_tracking_number_may_come_late(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    package_id = "115000000000000101"
    path = f"/orders/{demo_seed.NORMAL_ORDER_ID}/packages/{package_id}"
    tiktok_control.call("PATCH", path, {"tracking_number": ""})
    assert data_of(tiktok.get(f"{PACKAGES}/{package_id}"))["tracking_number"] == ""
    tiktok_control.call("PATCH", path, {"tracking_number": "TT1"})
    package = data_of(tiktok.get(f"{PACKAGES}/{package_id}"))
    assert package["tracking_number"] == "TT1"
    assert package["orders"] == [{"id": demo_seed.NORMAL_ORDER_ID}]


def test_one_parcel_may_have_several_orders(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    shared = {"package_id": "115000000000000101", "tracking_number": "TTMY0000000101"}
    tiktok_control.call("POST", f"/orders/{demo_seed.FURTHER_ORDER_IDS[0]}/packages", shared)
    package = data_of(tiktok.get(f"{PACKAGES}/115000000000000101"))
    assert len(package["orders"]) == 2
    found = data_of(tiktok.post(f"{PACKAGES}/search", {}, page_size="50"))
    assert found["total_count"] == len(found["packages"]) == 14
