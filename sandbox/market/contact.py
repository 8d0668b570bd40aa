"""What a buyer can do about a shop besides writing: block it, and ask for a refund."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.market.chatlog import contact_between
from sandbox.market.entities import Buyer, Contact, Shop
from sandbox.market.world import AnyWorld

BLOCKED, REFUND = "blocked_by_buyer", "return_open"


@dataclass(frozen=True)
class Change:
    """A button. `name` is the field that it sets."""

    name: str
    is_on: bool
    when_on: str
    when_off: str


def changes(world: AnyWorld, shop: Shop, buyer: Buyer) -> list[Change]:
    """The buttons as they are now."""
    now = _contact(world, shop, buyer)
    return [
        Change(BLOCKED, now.blocked_by_buyer, "Unblock shop", "Block shop"),
        Change(REFUND, now.return_open, "Close the refund", "Ask for a refund"),
    ]


def standing(world: AnyWorld, shop: Shop, buyer: Buyer) -> str:
    """What stands between the two, for a person; empty when nothing does."""
    now = _contact(world, shop, buyer)
    said = {
        "You blocked this shop.": now.blocked_by_buyer,
        "The shop blocked you.": now.blocked_by_shop,
        "A refund is open.": now.return_open,
    }
    return " ".join(text for text, holds in said.items() if holds)


def as_json(world: AnyWorld, shop: Shop, buyer: Buyer) -> str:
    """Both, for an open page."""
    states: dict[str, object] = {one.name: one.is_on for one in changes(world, shop, buyer)}
    return json.dumps(states | {"standing": standing(world, shop, buyer)})


def change(world: AnyWorld, shop: Shop, buyer: Buyer, form: Mapping[str, object]) -> bool:
    """Do what the form of the page asks for; False when it asks for nothing known."""
    if len(form) != 1:
        return False
    name, value = next(iter(form.items()))
    if name not in {BLOCKED, REFUND} or value not in {"true", "false"}:
        return False
    now = _contact(world, shop, buyer)
    world.contacts.put(now.model_copy(update={name: value == "true"}))
    return True


def _contact(world: AnyWorld, shop: Shop, buyer: Buyer) -> Contact:
    return contact_between(world, shop.shop_id, buyer.user_id)
