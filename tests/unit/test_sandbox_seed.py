"""The seed: what is refused, with which words, and what the demo's own holds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.errors import SeedInvalid
from sandbox.market import buyer_view
from sandbox.market.seeding import read
from sandbox.shopee import demo_seed
from sandbox.shopee.seed import parse_seed, plant
from sandbox.shopee.world import World
from sandbox.store import DocumentStore

Edit = Callable[[dict[str, Any]], object]


def small_seed() -> dict[str, Any]:
    return {
        "apps": [{"partner_id": 1, "partner_key": "shpk_test_key"}],
        "shops": [{"shop_id": 2, "shop_name": "Shop"}],
        "buyers": [{"user_id": 3, "username": "ana"}],
        "orders": [
            {
                "order_sn": "261018ABCDEF12",
                "shop_id": 2,
                "buyer_id": 3,
                "items": [{"item_id": 4, "item_name": "Mug"}],
                "packages": [{"package_number": "P1", "tracking_number": "T1"}],
            }
        ],
    }


PAIR = {"partner_id": 7, "access_token": "access-12", "refresh_token": "refresh-12"}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda seed: seed.pop("apps"), "apps: Field required"),
        (lambda seed: seed.update(shop=[]), "shop: Extra inputs are not permitted"),
        (lambda seed: seed["shops"][0].update(region="XX"), "shops.0.region: Input should be"),
        (lambda seed: seed["orders"][0].update(order_sn="12"), "orders.0.order_sn: String should"),
        (lambda seed: seed["orders"][0].update(shop_id=9), "orders.0.shop_id: there is no shop 9"),
        (lambda seed: seed["orders"][0].update(buyer_id=9), "orders.0.buyer_id: there is no buyer"),
        (lambda seed: seed["shops"][0].update(tokens=[PAIR]), "shops.0.tokens.0.partner_id: there"),
        (lambda seed: seed["orders"].append(seed["orders"][0]), "261018ABCDEF12 is given twice"),
        (lambda seed: seed["orders"][0].update(items=[]), "orders.0.items: List should have"),
    ],
)
def test_a_wrong_seed_names_the_field(edit: Edit, words: str) -> None:
    seed = small_seed()
    edit(seed)

    with pytest.raises(SeedInvalid) as refused:
        parse_seed(seed)

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "is not JSON"), (json.dumps({"apps": []}), "apps: List should have at least 1")],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "seed.json"
    path.write_text(text)

    with pytest.raises(SeedInvalid) as refused:
        read(path, parse_seed)

    assert words in str(refused.value)
    assert "seed.json" in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeedInvalid, match=r"cannot read the seed .*none\.json"):
        read(tmp_path / "none.json", parse_seed)


def test_orders_are_as_old_as_told_whenever_planted() -> None:
    world = World(DocumentStore(None), Clock(lambda: 2_000_000_000.0))
    seed = small_seed()
    seed["orders"][0]["age_hours"] = 10

    plant(world, parse_seed(seed))

    order = world.orders.get("261018ABCDEF12")
    assert order is not None
    assert order.create_time == 2_000_000_000 - 36_000


def test_the_demo_has_orders_to_try() -> None:
    world = World(DocumentStore(None))
    plant(world, demo_seed.demo_seed())

    two = world.orders.get(demo_seed.TWO_PARCELS_ORDER_SN)
    cancelled = world.orders.get(demo_seed.CANCELLED_ORDER_SN)
    normal = world.orders.get(demo_seed.NORMAL_ORDER_SN)
    assert two is not None
    assert cancelled is not None
    assert normal is not None
    assert len({package.tracking_number for package in two.packages}) == 2
    assert cancelled.order_status == "CANCELLED"
    assert len(demo_seed.FURTHER_ORDER_SNS) == 10
    chat = buyer_view.see(world, demo_seed.SHOP_ID, normal.buyer_id)
    assert [message.by for message in chat.messages] == ["buyer", "shop", "buyer"]


def test_what_was_planted_is_there_again_from_the_store(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path)
    world = World(store)
    plant(world, demo_seed.demo_seed())
    before = (len(world.orders), len(world.messages), world.limits, len(world.access_tokens))
    store.close()

    again = World(DocumentStore(tmp_path))

    assert (
        len(again.orders),
        len(again.messages),
        again.limits,
        len(again.access_tokens),
    ) == before
    again.store.close()
