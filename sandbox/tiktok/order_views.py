"""Orders and packages as the marketplace shows them (marketplace-apis 3.3)."""

from collections.abc import Sequence
from typing import Any

from sandbox.tiktok.entities import Buyer, Item, Order, Package, Shop


def order(one: Order, buyer: Buyer | None, shop: Shop, *, with_nickname: bool) -> dict[str, Any]:
    """One order. The buyer's nickname is there in newer versions only."""
    first = one.packages[0] if one.packages else None
    shown: dict[str, Any] = {
        "id": one.order_id,
        "status": one.status,
        "user_id": one.buyer_id,
        "buyer_email": f"{one.order_id}@proxy.example",
        "recipient_address": _address(one, buyer, shop),
        "tracking_number": first.tracking_number if first else "",
        "shipping_provider": first.shipping_provider if first else "",
        "shipping_provider_id": "6617675021119438849" if first else "",
        "packages": [{"id": package.package_id} for package in one.packages],
        "line_items": [_item(one, index, item) for index, item in enumerate(one.items)],
        "payment": _payment(one),
        "buyer_message": one.buyer_message,
        "is_buyer_request_cancel": one.cancel_requested,
        "cancel_reason": one.cancel_reason,
        "create_time": one.create_time,
        "update_time": one.update_time,
    }
    return shown | ({"buyer_nickname": buyer.username} if with_nickname and buyer else {})


def package(one: Package, orders: Sequence[Order]) -> dict[str, Any]:
    """One package, with all its orders: a parcel may have several."""
    latest = max(order.update_time for order in orders)
    return {
        "id": one.package_id,
        "status": one.status,
        "tracking_number": one.tracking_number,
        "shipping_provider_name": one.shipping_provider,
        "shipping_provider_id": "6617675021119438849",
        "orders": [{"id": order.order_id} for order in orders],
        "create_time": min(order.create_time for order in orders),
        "update_time": latest,
    }


def _item(one: Order, index: int, item: Item) -> dict[str, Any]:
    package_id = item.package_id or (one.packages[0].package_id if one.packages else "")
    known = {package.package_id: package for package in one.packages}
    package = known.get(package_id)
    return {
        "id": f"{one.order_id}{index:03}",
        "product_id": item.product_id,
        "product_name": item.product_name,
        "sku_id": item.sku_id,
        "sku_name": item.sku_name,
        "sku_image": "",
        "seller_sku": item.seller_sku,
        "sale_price": item.price,
        "original_price": item.price,
        "currency": one.currency,
        "tracking_number": package.tracking_number if package else "",
        "package_id": package_id,
        "display_status": one.status,
    }


def _address(one: Order, buyer: Buyer | None, shop: Shop) -> dict[str, Any]:
    name, phone, address = ("", "", "")
    if buyer is not None:
        name, phone, address = buyer.full_name, buyer.phone, buyer.address
    if one.masked:
        name, phone, address = _masked(name), f"{phone[:5]}*****{phone[-2:]}", _masked(address)
    return {
        "name": name,
        "phone_number": phone,
        "full_address": address,
        "address_line1": address,
        "address_line2": "",
        "address_line3": "",
        "address_line4": "",
        "district_info": [],
        "postal_code": "*****" if one.masked else (buyer.postal_code if buyer else ""),
        "region_code": shop.region,
    }


def _masked(text: str) -> str:
    return f"{text[:1]}***{text[-1:]}" if text else ""


def _payment(one: Order) -> dict[str, str]:
    total = f"{sum(float(item.price) for item in one.items):.2f}"
    return {
        "total_amount": total,
        "sub_total": total,
        "shipping_fee": "0.00",
        "currency": one.currency,
    }
