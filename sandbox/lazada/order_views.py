"""Orders as Lazada's replies show them (marketplace-apis 2.3)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandbox.lazada.endpoint import Call
from sandbox.lazada.entities import Buyer, Item, Order, Package

_OFFSET_H = {"MY": 8, "SG": 8, "PH": 8, "TH": 7, "VN": 7, "ID": 7}
_COUNTRIES = {
    "MY": "Malaysia",
    "SG": "Singapore",
    "PH": "Philippines",
    "TH": "Thailand",
    "VN": "Vietnam",
    "ID": "Indonesia",
}


def order(call: Call, one: Order) -> dict[str, Any]:
    """One order, without its lines."""
    buyer = call.world.buyers.get(one.buyer_id)
    price = sum(item.price * item.quantity for item in one.items)
    return {
        "order_id": int(one.order_id),
        "order_number": int(one.order_id),
        "statuses": [one.status],
        "customer_first_name": _masked(call, buyer.full_name if buyer else ""),
        "customer_last_name": "",
        "address_shipping": _address(call, buyer),
        "price": f"{price:.2f}",
        "shipping_fee": 0.0,
        "voucher": 0.0,
        "payment_method": "COD",
        "created_at": clock_text(call, one.created_at),
        "updated_at": clock_text(call, one.updated_at),
        "items_count": sum(item.quantity for item in one.items),
        "remarks": one.remarks,
        "buyer_note": "",
    }


def items(call: Call, one: Order) -> list[dict[str, Any]]:
    """The order's units, one object for each."""
    units: list[dict[str, Any]] = []
    for line, item in enumerate(one.items):
        for _ in range(item.quantity):
            units.append(_unit(call, one, item, one.package_of(item, line), len(units)))
    return units


def clock_text(call: Call, at: float) -> str:
    """A time with the offset of the shop's country."""
    zone = timezone(timedelta(hours=_OFFSET_H[call.own_shop.region]))
    local = datetime.fromtimestamp(int(at), UTC).astimezone(zone)
    if call.world.limits.time_style == "t":
        return local.isoformat()
    return local.strftime("%Y-%m-%d %H:%M:%S %z")


def _unit(
    call: Call, one: Order, item: Item, package: Package | None, index: int
) -> dict[str, Any]:
    return {
        "order_item_id": one.unit_ids[index],
        "order_id": int(one.order_id),
        "name": item.name,
        "sku": item.sku,
        "shop_sku": f"{item.sku_id}_{call.own_shop.region}",
        "sku_id": item.sku_id,
        "product_main_image": item.image_url,
        "item_price": item.price,
        "paid_price": item.price,
        "currency": one.currency,
        "status": one.status,
        "tracking_code": package.tracking_code if package else "",
        "tracking_code_pre": "",
        "shipment_provider": package.shipment_provider if package else "",
        "shipping_provider_type": "standard",
        "package_id": package.package_id if package else "",
        "buyer_id": int(one.buyer_id),
    }


def _address(call: Call, buyer: Buyer | None) -> dict[str, str]:
    known = buyer or Buyer(user_id="0", username="")
    return {
        "first_name": _masked(call, known.full_name),
        "last_name": "",
        "phone": _masked(call, known.phone),
        "phone2": "",
        "address1": _masked(call, known.address),
        "address2": "",
        "address3": known.city,
        "address4": "",
        "address5": known.post_code,
        "city": known.city,
        "post_code": known.post_code,
        "country": _COUNTRIES[call.own_shop.region],
    }


def _masked(call: Call, text: str) -> str:
    """The first and last character, as seen where an app has not passed the security review."""
    if not call.world.limits.masked or len(text) < 3:
        return text
    return f"{text[0]}{'*' * (len(text) - 2)}{text[-1]}"
