"""Seeds of the TikTok Shop sandbox, and that its page tells the truth about them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import SeedInvalid
from sandbox.market import entities as market
from sandbox.store import DocumentStore
from sandbox.tiktok.demo_seed import demo_seed
from sandbox.tiktok.limits import Limits
from sandbox.tiktok.seed import parse_seed, plant
from sandbox.tiktok.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox-tiktok.md").read_text(encoding="utf-8")


def example() -> dict[str, Any]:
    found = re.search(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    seed: dict[str, Any] = json.loads(found[1])
    return seed


@pytest.fixture
def world() -> World:
    return World(DocumentStore(None, "tiktok"))


def test_the_example_of_the_page_can_be_planted(world: World) -> None:
    plant(world, parse_seed(example()))
    (order,) = world.orders
    assert order.tracking_numbers == ["TTMY0000000101"]
    assert world.access_tokens.get("access-1") is not None
    assert [one.content["text"] for one in world.messages] == ["Hi!"]


def test_the_demo_is_whole_and_planting_it_again_begins_anew(world: World) -> None:
    plant(world, demo_seed())
    plant(world, demo_seed())
    assert (len(world.orders), len(world.buyers), len(world.messages)) == (13, 13, 3)
    for order in world.orders:
        known = {package.package_id for package in order.packages}
        assert {item.package_id for item in order.items} == known, "each parcel has something in it"
        assert f"`{order.order_id}`" in PAGE or order.order_id[-2:] in map(str, range(12, 20))


PAIR = {"app_key": "unknown", "access_token": "access-12", "refresh_token": "refresh-12"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"apps": []}, "apps"),
        ({"shops": [{**example()["shops"][0], "seller_id": "1"}]}, "no seller 1"),
        (
            {"orders": [{**example()["orders"][0], "buyer_id": "1"}]},
            "orders.0.buyer_id: there is no buyer 1",
        ),
        ({"chats": [{"shop_id": "1", "buyer_id": "1"}]}, "chats.0.shop_id: there is no shop 1"),
        (
            {"sellers": [{**example()["sellers"][0], "tokens": [PAIR]}]},
            "sellers.0.tokens.0.app_key: there is no app",
        ),
        ({"orders": [{**example()["orders"][0], "order_id": "A1"}]}, "orders.0.order_id"),
        ({"orders": example()["orders"] * 2}, "given twice"),
        ({"shops": example()["shops"] * 2}, "given twice"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_seed_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SeedInvalid, match=re.escape(words)):
        parse_seed({**example(), **change})


def test_the_page_names_every_limit() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.partition("## Limits")[2]))
    own = set(Limits.model_fields) | set(market.Limits.model_fields)
    assert named == own


def test_what_was_planted_is_there_after_a_restart(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, "tiktok")
    plant(World(store), demo_seed())
    store.close()
    again = World(DocumentStore(tmp_path, "tiktok"))
    assert (len(again.orders), len(again.messages), len(again.conversations)) == (13, 3, 1)
    again.store.close()
