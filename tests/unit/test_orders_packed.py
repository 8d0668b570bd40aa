"""From each marketplace's own word: who waits for a tracking number, and who gets money back."""

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
    ("status", "packed", "refunded"),
    [
        ("READY_TO_SHIP", False, False),
        ("PROCESSED", True, False),
        ("RETRY_SHIP", True, False),
        ("SHIPPED", True, False),
        ("TO_RETURN", False, True),
        ("COMPLETED", False, False),
    ],
)
def test_shopee(status: str, packed: bool, refunded: bool) -> None:
    order = from_shopee(status)
    assert (order.is_packed, order.is_refunded) == (packed, refunded)


@pytest.mark.parametrize(
    ("status", "packed"),
    [
        ("AWAITING_SHIPMENT", False),
        ("PARTIALLY_SHIPPING", True),
        ("AWAITING_COLLECTION", True),
        ("IN_TRANSIT", True),
        ("CANCELLED", False),
    ],
)
def test_tiktok(status: str, packed: bool) -> None:
    """Its orders say nothing of refunds."""
    order = from_tiktok(status)
    assert (order.is_packed, order.is_refunded) == (packed, False)


@pytest.mark.parametrize(
    ("statuses", "packed", "refunded"),
    [
        (["pending"], False, False),
        (["packed"], True, False),
        (["pending", "ready_to_ship"], True, False),
        (["returned"], False, True),
        (["returned", "delivered"], False, False),
        ([], False, False),
    ],
)
def test_lazada(statuses: list[str], packed: bool, refunded: bool) -> None:
    """An order is refunded when all of it is."""
    order = from_lazada(*statuses)
    assert (order.is_packed, order.is_refunded) == (packed, refunded)
