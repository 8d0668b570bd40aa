"""Orders and parcels as the marketplace shows them to apps. Pure."""

from typing import Any

from sandbox.shopee.entities import Buyer, Item, Order, Package, Shop

RECIPIENT_FIELDS = (
    "name",
    "phone",
    "town",
    "district",
    "city",
    "state",
    "region",
    "zipcode",
    "full_address",
)


def detail(order: Order, shop: Shop, buyer: Buyer, optional: list[str]) -> dict[str, Any]:
    """One order; of the optional fields only those asked for."""
    always: dict[str, Any] = {
        "order_sn": order.order_sn,
        "region": shop.region,
        "currency": order.currency,
        "cod": order.cod,
        "order_status": order.order_status,
        "message_to_seller": order.message_to_seller,
        "create_time": order.create_time,
        "update_time": order.update_time,
        "days_to_ship": 2,
        "ship_by_date": order.create_time + 2 * 86_400,
        "booking_sn": "",
    }
    extra = _optional_fields(order, shop, buyer)
    return always | {name: extra[name] for name in optional if name in extra}


def package_detail(order: Order, package: Package, shop: Shop, buyer: Buyer) -> dict[str, Any]:
    """One parcel, with its tracking number."""
    return {
        "order_sn": order.order_sn,
        "package_number": package.package_number,
        "tracking_number": package.tracking_number,
        "fulfillment_status": package.logistics_status,
        "shipping_carrier": package.shipping_carrier,
        "logistics_channel_id": package.logistics_channel_id,
        "recipient_address": masked_address(buyer, shop.region),
        "item_list": [_item(item) for item in order.items],
    }


def masked_address(buyer: Buyer, region: str) -> dict[str, str]:
    """The recipient as apps see it: a hint of name and phone, in Taiwan nothing."""
    if region == "TW":
        return dict.fromkeys(RECIPIENT_FIELDS, "****")
    return {
        "name": f"{buyer.full_name[:1]}***{buyer.full_name[-1:]}",
        "phone": "******" + buyer.phone[-2:],
        "town": "",
        "district": "",
        "city": buyer.city,
        "state": buyer.state,
        "region": region,
        "zipcode": "****",
        "full_address": "****",
    }


def _optional_fields(order: Order, shop: Shop, buyer: Buyer) -> dict[str, Any]:
    carrier = order.packages[0].shipping_carrier if order.packages else ""
    return {
        "buyer_user_id": buyer.user_id,
        "buyer_username": buyer.username,
        "recipient_address": masked_address(buyer, shop.region),
        "item_list": [_item(item) for item in order.items],
        "package_list": [_package(order, package) for package in order.packages],
        "shipping_carrier": carrier,
        "total_amount": round(sum(item.price * item.quantity for item in order.items), 2),
        "estimated_shipping_fee": 5.0,
        "actual_shipping_fee": 0,
        "payment_method": "Cash on Delivery" if order.cod else "Online Payment",
        "pay_time": None if order.order_status == "UNPAID" else order.create_time + 60,
        "note": "",
        "invoice_data": None,
        "cancel_reason": order.cancel_reason,
    }


def _package(order: Order, package: Package) -> dict[str, Any]:
    return {
        "package_number": package.package_number,
        "logistics_status": package.logistics_status,
        "logistics_channel_id": package.logistics_channel_id,
        "shipping_carrier": package.shipping_carrier,
        "item_list": [
            {"item_id": item.item_id, "model_id": item.model_id, "model_quantity": item.quantity}
            for item in order.items
        ],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "item_name": item.item_name,
        "item_sku": item.item_sku,
        "model_id": item.model_id,
        "model_name": item.model_name,
        "model_sku": item.model_sku,
        "model_quantity_purchased": item.quantity,
        "model_original_price": item.price,
        "model_discounted_price": item.price,
        "image_info": {"image_url": ""},
    }
