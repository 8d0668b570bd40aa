"""Codes for a person to try, planted anew at each run so that they always work."""

from dataclasses import dataclass

from launcher.marketplace import Marketplace, order_number

# A valid EAN-13; its range is for goods, so no order can have it.
GOODS_BARCODE = "4006381333931"


@dataclass(frozen=True, slots=True)
class CodeToTry:
    """What to type, and what it is."""

    code: str
    meaning: str


def plant_codes(marketplace: Marketplace) -> list[CodeToTry]:
    """Add orders to the marketplace; call it before the cloud reads them.

    Raises:
        LauncherError: the marketplace does not answer.
    """
    first, second = (marketplace.plant_order("PACK") for _ in range(2))
    two = marketplace.plant_order("TWOB", parcels=2)
    cancelled = marketplace.plant_order("CANC", cancelled=True)
    return [
        CodeToTry(first.number, f"an order of {first.buyer_name}"),
        CodeToTry(second.number, f"an order of {second.buyer_name}"),
        CodeToTry(two.tracking_numbers[0], f"first parcel of order {two.number}"),
        CodeToTry(two.tracking_numbers[1], "second parcel of the same order"),
        CodeToTry(cancelled.number, "a cancelled order: the light says STOP"),
        CodeToTry(order_number("NONE"), "an unknown order"),
        CodeToTry(GOODS_BARCODE, "the barcode of goods: refused, nothing changes"),
    ]
