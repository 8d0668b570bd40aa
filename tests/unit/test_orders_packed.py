"""From each marketplace's own word: what waits for a number, what left, who gets money back."""

from typing import Any

import pytest

from cloud.marketplaces.orders import Order
from tests.support import lazada_answers, shopee_answers, tiktok_answers


def from_shopee(status: str) -> Order:
    reply: dict[str, Any] = shopee_answers.documented("get_order_detail")
    order = {
        **reply["response"]["order_list"][0],
        "order_status": status,
        "package_list": None,
        "item_list": None,
    }
    reply["response"]["order_list"] = [order]
    adapter = shopee_answers.shopee(shopee_answers.Recorded(reply))
    return adapter.order(shopee_answers.ACCESS, order["order_sn"])


def from_tiktok(status: str) -> Order:
    reply: dict[str, Any] = tiktok_answers.documented("orders")
    order = {**reply["data"]["orders"][0], "status": status}
    reply["data"]["orders"] = [order]
    return tiktok_answers.tiktok(tiktok_answers.Recorded(reply)).order(
        tiktok_answers.ACCESS, order["id"]
    )


def from_lazada(*statuses: str) -> Order:
    reply: dict[str, Any] = lazada_answers.documented("order_get")
    reply["data"]["statuses"] = list(statuses)
    items = {"code": "0", "data": [], "request_id": "1"}
    adapter = lazada_answers.lazada(lazada_answers.Recorded(reply, items))
    return adapter.order(lazada_answers.ACCESS, str(reply["data"]["order_id"]))


@pytest.mark.parametrize(
    ("status", "packed", "refunded", "shipped"),
    [
        ("READY_TO_SHIP", False, False, False),
        ("PROCESSED", True, False, False),
        ("RETRY_SHIP", True, False, False),
        ("SHIPPED", True, False, True),
        ("TO_RETURN", False, True, True),
        ("COMPLETED", False, False, True),
    ],
)
def test_shopee(status: str, packed: bool, refunded: bool, shipped: bool) -> None:
    order = from_shopee(status)
    assert (order.is_packed, order.is_refunded, order.is_shipped) == (packed, refunded, shipped)


@pytest.mark.parametrize(
    ("status", "packed", "shipped"),
    [
        ("AWAITING_SHIPMENT", False, False),
        ("PARTIALLY_SHIPPING", True, True),
        ("AWAITING_COLLECTION", True, False),
        ("IN_TRANSIT", True, True),
        ("DELIVERED", False, True),
        ("CANCELLED", False, False),
    ],
)
def test_tiktok(status: str, packed: bool, shipped: bool) -> None:
    """Its orders say nothing of refunds."""
    order = from_tiktok(status)
    assert (order.is_packed, order.is_refunded, order.is_shipped) == (packed, False, shipped)


@pytest.mark.parametrize(
    ("statuses", "packed", "refunded", "shipped"),
    [
        (["pending"], False, False, False),
        (["packed"], True, False, False),
        (["pending", "ready_to_ship"], True, False, False),
        (["pending", "shipped"], True, False, True),
        (["returned"], False, True, True),
        (["returned", "delivered"], False, False, True),
        ([], False, False, False),
    ],
)
def test_lazada(statuses: list[str], packed: bool, refunded: bool, shipped: bool) -> None:
    """An order is refunded when all of it is."""
    order = from_lazada(*statuses)
    assert (order.is_packed, order.is_refunded, order.is_shipped) == (packed, refunded, shipped)
