"""Orders of the Lazada sandbox (marketplace-apis 2.3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from tests.support.lazada_caller import LazadaCaller

ORDER, TWO_PARCELS, CANCELED = "330011223344556", "330011223344557", "330011223344558"


def iso(ago: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) - ago).isoformat(timespec="seconds")


def listed(lazada: LazadaCaller, **parameters: Any) -> Any:
    return lazada.get("/orders/get", **{"update_after": iso(timedelta(days=60)), **parameters})


def add_orders(control: MarketControl, count: int) -> None:
    for number in range(count):
        body = {
            "order_id": str(440000000000 + number),
            "shop_id": "200000001",
            "buyer_id": "100000001",
            "items": [{"name": "Mug"}],
            "age_hours": number / 10,
        }
        control.call("POST", "/orders", body)


def test_an_order_has_numbers_for_ids_and_times_with_their_offset(lazada: LazadaCaller) -> None:
    data = lazada.get("/order/get", order_id=ORDER)["data"]
    assert (data["order_id"], data["statuses"]) == (int(ORDER), ["ready_to_ship"])
    assert (data["price"], data["items_count"]) == ("18.90", 1)
    created = datetime.strptime(data["created_at"], "%Y-%m-%d %H:%M:%S %z")
    assert data["created_at"].endswith(" +0800")
    assert abs(datetime.now(UTC) - created - timedelta(hours=2)) < timedelta(minutes=1)


def test_the_form_of_times_is_a_limit(lazada_control: MarketControl, lazada: LazadaCaller) -> None:
    lazada_control.limits(time_style="t")
    created = lazada.get("/order/get", order_id=ORDER)["data"]["created_at"]
    assert datetime.fromisoformat(created).utcoffset() == timedelta(hours=8)
    assert "T" in created


def test_people_are_masked_unless_a_limit_says_otherwise(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    data = lazada.get("/order/get", order_id=ORDER)["data"]
    assert data["customer_first_name"] == "A***********n"
    assert data["address_shipping"]["phone"] == "6*********0"
    lazada_control.limits(masked=False)
    data = lazada.get("/order/get", order_id=ORDER)["data"]
    assert data["customer_first_name"] == "Aisyah Rahman"


def test_each_unit_is_an_object_with_its_parcel(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    order = {
        "order_id": "440000000001",
        "shop_id": "200000001",
        "buyer_id": "100000001",
        "items": [{"name": "Mug", "quantity": 2}, {"name": "Bag", "package_id": "P1"}],
        "packages": [{"package_id": "P1", "tracking_code": "LEX1"}],
    }
    lazada_control.call("POST", "/orders", order)
    units = lazada.get("/order/items/get", order_id="440000000001")["data"]
    assert [(one["name"], one["package_id"], one["tracking_code"]) for one in units] == [
        ("Mug", "P1", "LEX1"),
        ("Mug", "P1", "LEX1"),
        ("Bag", "P1", "LEX1"),
    ]
    assert len({one["order_item_id"] for one in units}) == 3
    assert units[0]["buyer_id"] == 100000001


def test_units_of_several_orders_at_once(lazada: LazadaCaller) -> None:
    data = lazada.get("/orders/items/get", order_ids=f"[{ORDER},{TWO_PARCELS}]")["data"]
    assert [one["order_id"] for one in data] == [int(ORDER), int(TWO_PARCELS)]
    assert [unit["tracking_code"] for unit in data[1]["order_items"]] == [
        "LEXMY0000000002",
        "LEXMY0000000003",
    ]


@pytest.mark.parametrize(
    "order_ids",
    ["", "1,2", "[]", "{}", f"[{ORDER},1]", "x", "[" * 3000],
    ids=["none", "comma", "empty", "object", "unknown", "word", "deep"],
)
def test_a_bad_list_of_orders_is_refused(lazada: LazadaCaller, order_ids: str) -> None:
    expected = "16" if order_ids else "MissingParameter"
    assert lazada.get("/orders/items/get", order_ids=order_ids)["code"] == expected


@pytest.mark.parametrize("number", ["1", "abc", "330011223344556x", "231115UNKNOWN0", "9" * 30])
@pytest.mark.parametrize("path", ["/order/get", "/order/items/get", "/logistic/order/trace"])
def test_an_unknown_order_is_an_invalid_id(lazada: LazadaCaller, path: str, number: str) -> None:
    answer = lazada.get(path, order_id=number)
    assert (answer["code"], answer["type"]) == ("16", "ISP")


def test_an_order_of_another_shop_is_not_seen(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    shop = {"shop_id": "200000002", "shop_name": "Other", "region": "MY"}
    lazada_control.call("POST", "/shops", shop)
    minted = lazada_control.call("POST", "/shops/200000002/tokens", {"app_key": "100001"})
    lazada.access_token = minted["access_token"]
    assert lazada.get("/order/get", order_id=ORDER)["code"] == "16"
    assert listed(lazada)["data"] == {"count": 0, "countTotal": 0, "orders": []}


def test_a_tracking_code_comes_late_and_is_a_change_of_the_order(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    before = iso(timedelta(minutes=1))
    path = f"/orders/{ORDER}/packages/FP00000001"
    assert listed(lazada, update_after=before)["data"]["orders"] == []
    lazada_control.call("PATCH", path, {"tracking_code": "LEXNEW"})
    (unit,) = lazada.get("/order/items/get", order_id=ORDER)["data"]
    assert unit["tracking_code"] == "LEXNEW"
    changed = listed(lazada, update_after=before)["data"]["orders"]
    assert [one["order_id"] for one in changed] == [int(ORDER)]


def test_a_trace_begins_when_the_order_is_ready(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    def numbers() -> list[str]:
        data = lazada.get("/logistic/order/trace", order_id=ORDER)["data"]
        return [one["tracking_number"] for one in data["package_detail_info_list"]]

    assert numbers() == ["LEXMY0000000001"]
    lazada_control.call("PATCH", f"/orders/{ORDER}", {"status": "packed"})
    assert numbers() == []


def test_a_window_is_paged_by_offset(lazada_control: MarketControl, lazada: LazadaCaller) -> None:
    add_orders(lazada_control, 120)
    seen: list[int] = []
    for offset in (0, 50, 100, 150):
        page = listed(lazada, limit=50, offset=offset, sort_by="created_at")["data"]
        assert page["countTotal"] == 134
        assert page["count"] == len(page["orders"])
        seen += [one["order_id"] for one in page["orders"]]
    assert len(seen) == len(set(seen)) == 134


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ["created_at", "updated_at"])
def test_orders_come_sorted(
    lazada_control: MarketControl, lazada: LazadaCaller, field: str, direction: str
) -> None:
    add_orders(lazada_control, 10)
    page = listed(lazada, sort_by=field, sort_direction=direction)["data"]["orders"]
    times = [one[field] for one in page]
    assert times == sorted(times, reverse=direction == "DESC")


def test_a_window_of_creation_and_a_status_filter(lazada: LazadaCaller) -> None:
    recent = lazada.get("/orders/get", created_after=iso(timedelta(days=3)))["data"]
    assert recent["countTotal"] == 13
    old = lazada.get(
        "/orders/get",
        created_after=iso(timedelta(days=60)),
        created_before=iso(timedelta(days=3)),
    )["data"]
    assert [one["statuses"] for one in old["orders"]] == [["delivered"]]
    canceled = listed(lazada, status="canceled")["data"]["orders"]
    assert [one["order_id"] for one in canceled] == [int(CANCELED)]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"update_after": ""}, "17"),
        ({"update_after": "yesterday"}, "17"),
        ({"update_after": "2026-01-01T00:00:00"}, "17"),
        ({"update_before": "x"}, "17"),
        ({"limit": 0}, "19"),
        ({"limit": 101}, "19"),
        ({"limit": "x"}, "19"),
        ({"offset": 5001}, "14"),
        ({"offset": -1}, "14"),
        ({"status": "CANCELLED"}, "36"),
        ({"sort_by": "price"}, "75"),
        ({"sort_direction": "up"}, "74"),
    ],
)
@pytest.mark.parametrize("has_orders", [True, False])
def test_bad_filters_are_refused_with_or_without_orders(
    lazada_control: MarketControl,
    lazada: LazadaCaller,
    parameters: dict[str, object],
    code: str,
    has_orders: bool,
) -> None:
    if not has_orders:
        shop = {"shop_id": "200000002", "shop_name": "Other"}
        lazada_control.call("POST", "/shops", {**shop, "region": "MY"})
        minted = lazada_control.call("POST", "/shops/200000002/tokens", {"app_key": "100001"})
        lazada.access_token = minted["access_token"]
    answer = listed(lazada, **parameters)
    assert (answer["code"], answer["type"]) == (code, "ISP")


def test_the_last_offset_is_5000(lazada: LazadaCaller) -> None:
    assert listed(lazada, offset=5000)["data"]["orders"] == []


def test_a_seller_says_who_it_is(lazada: LazadaCaller) -> None:
    data = lazada.get("/seller/get")["data"]
    assert (data["name"], data["seller_id"], data["short_code"], data["status"]) == (
        "Demo Shop",
        200000001,
        "MYDEMO1",
        "ACTIVE",
    )
