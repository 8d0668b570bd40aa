"""Orders, parcels and tracking numbers as the sandbox shows them (marketplace-apis 1.3)."""

import time
from typing import Any

import pytest

from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller

DAY_S = 86_400


def listed(caller: ShopeeCaller, **parameters: Any) -> dict[str, Any]:
    now = int(time.time())
    query = {
        "time_range_field": "create_time",
        "time_from": now - 10 * DAY_S,
        "time_to": now,
        "page_size": 100,
        **parameters,
    }
    answer: dict[str, Any] = caller.get("order/get_order_list", **query).json()
    return answer


def test_the_list_goes_by_pages_and_ends(caller: ShopeeCaller) -> None:
    seen: list[str] = []
    cursor, more = "", True
    while more:
        page = listed(caller, page_size=5, cursor=cursor)["response"]
        assert len(page["order_list"]) <= 5
        seen += [order["order_sn"] for order in page["order_list"]]
        cursor, more = page["next_cursor"], page["more"]

    assert len(seen) == len(set(seen)) == 13


def test_the_list_filters_by_status_and_tells_it_only_if_asked(caller: ShopeeCaller) -> None:
    plain = listed(caller, order_status="CANCELLED")["response"]["order_list"]
    asked = listed(caller, order_status="CANCELLED", response_optional_fields="order_status")

    assert plain == [{"order_sn": demo_seed.CANCELLED_ORDER_SN, "booking_sn": ""}]
    assert asked["response"]["order_list"][0]["order_status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"time_from": 0}, "order.order_list_invalid_time"),
        ({"page_size": 101}, "error_param"),
        ({"page_size": None}, "error_param"),
        ({"time_range_field": "pay_time"}, "error_param"),
        ({"order_status": "LOST"}, "error_param"),
        ({"cursor": "x"}, "error_param"),
    ],
)
def test_a_wrong_list_call(caller: ShopeeCaller, change: dict[str, Any], error: str) -> None:
    assert listed(caller, **change)["error"] == error


def test_optional_fields_come_only_if_asked(caller: ShopeeCaller) -> None:
    number = demo_seed.NORMAL_ORDER_SN
    plain = caller.get("order/get_order_detail", order_sn_list=number).json()
    asked = caller.get(
        "order/get_order_detail",
        order_sn_list=number,
        response_optional_fields="buyer_user_id,recipient_address,package_list",
    ).json()

    order = asked["response"]["order_list"][0]
    assert "buyer_user_id" not in plain["response"]["order_list"][0]
    assert "item_list" not in order
    assert order["buyer_user_id"] == 900000001
    assert "tracking_number" not in order["package_list"][0]


def test_the_recipient_is_masked(caller: ShopeeCaller) -> None:
    answer = caller.get(
        "order/get_order_detail",
        order_sn_list=demo_seed.NORMAL_ORDER_SN,
        response_optional_fields="recipient_address",
    )

    assert "Aisyah" not in answer.text
    recipient = answer.json()["response"]["order_list"][0]["recipient_address"]
    assert (recipient["name"], recipient["phone"]) == ("A***n", "******00")


def test_unknown_orders_are_left_out_and_all_unknown_is_an_error(caller: ShopeeCaller) -> None:
    both = caller.get(
        "order/get_order_detail", order_sn_list=f"{demo_seed.NORMAL_ORDER_SN},261018NOTHERE1"
    ).json()
    none = caller.get("order/get_order_detail", order_sn_list="261018NOTHERE1").json()
    many = caller.get("order/get_order_detail", order_sn_list=",".join(["A"] * 51)).json()

    assert len(both["response"]["order_list"]) == 1
    assert none["error"] == "error_not_found"
    assert many["error"] == "error_param"


def test_another_shop_sees_none_of_it(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    control = shopee_sandbox.control
    control.call("POST", "/shops", {"shop_id": 22000002, "shop_name": "Other"})
    caller.shop_id = 22000002
    caller.access_token, _ = control.mint_tokens(22000002, 1000001)

    number = demo_seed.NORMAL_ORDER_SN
    assert caller.get("order/get_order_detail", order_sn_list=number).json()["error"] != ""
    assert caller.get("logistics/get_tracking_number", order_sn=number).json()["error"] != ""
    assert listed(caller)["response"]["order_list"] == []


def test_two_parcels_have_their_own_tracking_numbers(caller: ShopeeCaller) -> None:
    number = demo_seed.TWO_PARCELS_ORDER_SN
    packages = ["OFG00000000000201", "OFG00000000000202"]
    tracking = [
        caller.get("logistics/get_tracking_number", order_sn=number, package_number=package).json()
        for package in packages
    ]
    details = caller.get("order/get_package_detail", package_number_list=",".join(packages)).json()

    found = [answer["response"]["tracking_number"] for answer in tracking]
    assert found == ["SPXMY000000000201", "SPXMY000000000202"]
    rows = details["response"]["package_list"]
    assert [row["tracking_number"] for row in rows] == found
    assert {row["order_sn"] for row in rows} == {number}


def test_a_tracking_number_may_not_be_issued_yet(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    package = {"package_number": "NEW1", "tracking_number": ""}
    shopee_sandbox.control.add_order("261018NEWORD01", 22000001, 900000001, packages=[package])
    before = caller.get("logistics/get_tracking_number", order_sn="261018NEWORD01").json()

    change = {"tracking_number": "SPXMY1"}
    path = "/orders/261018NEWORD01/packages/NEW1"
    shopee_sandbox.control.call("PATCH", path, change)
    after = caller.get("logistics/get_tracking_number", order_sn="261018NEWORD01").json()

    assert (before["error"], before["response"]["tracking_number"]) == ("", "")
    assert after["response"]["tracking_number"] == "SPXMY1"


def test_packages_not_yet_shipped_are_searched(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    order = {"order_status": "SHIPPED"}
    shopee_sandbox.control.call("PATCH", f"/orders/{demo_seed.NORMAL_ORDER_SN}", order)

    body = {"filter": {"package_status": 3}, "pagination": {"page_size": 100, "cursor": ""}}
    answer = caller.post("order/search_package_list", body).json()["response"]

    numbers = {package["order_sn"] for package in answer["packages_list"]}
    assert demo_seed.NORMAL_ORDER_SN not in numbers
    assert demo_seed.CANCELLED_ORDER_SN not in numbers
    assert demo_seed.TWO_PARCELS_ORDER_SN in numbers
    assert answer["pagination"]["more"] is False


def test_a_changed_order_shows_by_update_time(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    number = demo_seed.FURTHER_ORDER_SNS[-1]
    change = {"order_status": "CANCELLED"}
    shopee_sandbox.control.call("PATCH", f"/orders/{number}", change)
    now = int(time.time())

    answer = listed(caller, time_range_field="update_time", time_from=now - 600, time_to=now + 60)

    assert [order["order_sn"] for order in answer["response"]["order_list"]] == [number]
