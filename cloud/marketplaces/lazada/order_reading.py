"""An order as we know it, from Lazada's order and its items. Pure."""

from collections.abc import Sequence

from cloud.marketplaces.lazada.replies import AddressReply, ItemReply, OrderReply
from cloud.marketplaces.orders import Order, OrderItem, Parcel, Recipient

_CANCELLED = "canceled"
_RETURNED = "returned"
_PACKED = frozenset({"packed", "repacked", "ready_to_ship", "toship", "shipped"})
_SHIPPED = frozenset({"shipped", "delivered", "returned", "failed", "lost"})


def order_from(row: OrderReply, items: Sequence[ItemReply]) -> Order:
    """The order with its lines and parcels. Its buyer's id for the chat stands in its items."""
    statuses = list(dict.fromkeys(row.statuses))
    address = row.address_shipping
    return Order(
        number=row.order_id,
        status=", ".join(statuses),
        created_at=row.created_at,
        updated_at=row.updated_at,
        buyer_id=next((item.buyer_id for item in items if item.buyer_id), ""),
        buyer_name=_joined(row.customer_first_name, row.customer_last_name),
        parcels=parcels_of(items),
        items=lines_of(items),
        is_cancelled=statuses == [_CANCELLED],
        is_cancel_requested=False,
        recipient=_recipient(address) if address else None,
        is_refunded=statuses == [_RETURNED],
        is_packed=not _PACKED.isdisjoint(statuses),
        is_shipped=not _SHIPPED.isdisjoint(statuses),
    )


def parcels_of(items: Sequence[ItemReply]) -> tuple[Parcel, ...]:
    """One for each package, as its first item with a tracking number tells of it."""
    parcels: dict[str, Parcel] = {}
    for item in items:
        number = item.package_id or item.tracking_code
        known = parcels.get(number)
        if number and (known is None or not known.tracking_number):
            parcels[number] = Parcel(
                number=number,
                tracking_number=item.tracking_code,
                carrier=item.shipment_provider,
                status=item.status,
            )
    return tuple(parcels.values())


def lines_of(items: Sequence[ItemReply]) -> tuple[OrderItem, ...]:
    """Units of the same goods put together, with how many there are."""
    units: dict[tuple[str, str], list[ItemReply]] = {}
    for item in items:
        units.setdefault((item.shop_sku or item.sku, item.name), []).append(item)
    return tuple(
        OrderItem(
            item_id=same[0].order_item_id,
            name=same[0].name,
            variant="",
            sku=same[0].sku,
            quantity=len(same),
            image_url=same[0].product_main_image,
        )
        for same in units.values()
    )


def _recipient(address: AddressReply) -> Recipient:
    return Recipient(
        name=_joined(address.first_name, address.last_name),
        phone=address.phone,
        address=_joined(
            address.address1,
            address.address2,
            address.address3,
            address.address4,
            address.address5,
            address.city,
            address.post_code,
            address.country,
            between=", ",
        ),
    )


def _joined(*parts: str, between: str = " ") -> str:
    return between.join(part for part in parts if part)
