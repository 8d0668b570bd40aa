"""Lazada's seed: what it wants, what it plants, and that all of it is kept."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import SeedInvalid
from sandbox.lazada import demo_seed, tokens
from sandbox.lazada.seed import parse_seed, plant
from sandbox.lazada.world import World
from sandbox.market import chatlog
from sandbox.store import DocumentStore

PAGE = Path(__file__).parents[2] / "docs" / "sandbox-lazada.md"


def documented() -> dict[str, Any]:
    """The example of the documentation."""
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    example: dict[str, Any] = json.loads(found[1])
    return example


def test_the_documented_seed_is_one() -> None:
    world = World(DocumentStore(None))
    plant(world, parse_seed(documented()))
    (order,) = world.orders
    assert (order.number, order.tracking_numbers) == ("330011223344556", ["LEXMY0000000001"])
    assert world.limits.order_window_s == 7 * 86_400
    assert tokens.admit(world, "100001", "access-1").shop_ids == ["200000001"]
    (chat,) = world.conversations
    assert chat.conversation_id == "200000001_2_100000001_1_103"


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("apps",), [], "apps"),
        (("apps", 0, "app_key"), "not digits", "apps.0.app_key"),
        (("apps", 0, "surprise"), 1, "apps.0.surprise"),
        (("shops", 0, "region"), "TW", "shops.0.region"),
        (("shops", 0, "tokens", 0, "app_key"), "999", "no app 999"),
        (("orders", 0, "shop_id"), "999", "orders.0.shop_id"),
        (("orders", 0, "buyer_id"), "999", "orders.0.buyer_id"),
        (("orders", 0, "order_id"), "231115ABC", "orders.0.order_id"),
        (("orders", 0, "status"), "CANCELLED", "orders.0.status"),
        (("orders", 0, "items"), [], "orders.0.items"),
        (("chats", 0, "buyer_id"), "999", "chats.0.buyer_id"),
        (("limits", "ban_s"), 0, "limits.ban_s"),
    ],
)
def test_a_wrong_seed_is_refused_by_the_name_of_the_field(
    path: tuple[str | int, ...], value: object, named: str
) -> None:
    seed = documented()
    place: Any = seed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(SeedInvalid, match=re.escape(named)):
        parse_seed(seed)


@pytest.mark.parametrize("name", ["apps", "shops", "buyers", "orders"])
def test_nothing_is_named_twice(name: str) -> None:
    seed = documented()
    seed[name].append(seed[name][0])
    with pytest.raises(SeedInvalid, match="given twice"):
        parse_seed(seed)


def test_everything_outlives_the_process(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, "lazada")
    world = World(store)
    plant(world, demo_seed.demo_seed())
    chatlog.append(
        world,
        shop_id=demo_seed.SHOP_ID,
        buyer_id="100000001",
        by="shop",
        message_type="text",
        content={"text": "kept"},
        status="safety_check",
    )
    world.commit()
    store.close()

    again = World(DocumentStore(tmp_path, "lazada"))
    assert len(again.orders) == 14
    last = again.messages.of(demo_seed.SESSION_ID)[-1]
    assert (last.content, last.status, last.shown_to_buyer) == (
        {"text": "kept"},
        "safety_check",
        False,
    )
    kept = tokens.admit(again, demo_seed.APP_KEY, demo_seed.ACCESS_TOKEN)
    assert kept.shop_ids == [demo_seed.SHOP_ID]
    again.store.close()
