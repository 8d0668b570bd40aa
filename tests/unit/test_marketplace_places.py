"""A marketplace is known in every place that has to know it (docs/how-to-add-a-marketplace.md)."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.dashboard.channels import channel_words
from cloud.dashboard.words import CHANNELS
from cloud.marketplaces.offers import app_needs, offers
from cloud.marketplaces.registry import channels
from cloud.shops.service import Purpose
from sandbox.platforms import PLATFORMS
from tests.support.every_market import SANDBOXES

ROOT = Path(__file__).parents[2]


def missing_places(channel: str) -> Iterator[str]:
    """Where the marketplace is not known yet."""
    offered = [one.country for one in offers(with_unproven=False) if one.channel == channel]
    tried = {kind.channel for kind in SANDBOXES}
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = {rule["id"]: str(rule.get("layers")) for rule in rules["contracts"]}
    places = {
        "an offer": bool(offered),
        "a name in the dashboard": channel in CHANNELS,
        "names of its keys": channel in channel_words.KEYS,
        "its Seller Centres": bool(offered)
        and {(channel, country) for country in offered} <= channel_words.SELLER_CENTRES.keys(),
        "steps before connecting": bool(offered)
        and {(channel, purpose) for purpose in purposes(channel)} <= channel_words.STEPS.keys(),
        "a rule that nothing else imports it": bool(
            re.search(rf"\b{channel}\b", layers["marketplaces"])
        ),
        "a sandbox": channel in PLATFORMS,
        "the sandbox's place among the layers": bool(
            re.search(rf"\b{channel}\b", layers["sandbox"])
        ),
        "a page of its sandbox": (ROOT / "docs" / f"sandbox-{channel}.md").is_file(),
        "contract tests": channel in tried,
        "documented replies": any((ROOT / "tests" / "fixtures" / channel).glob("*.json")),
    }
    yield from (place for place, is_there in places.items() if not is_there)


def purposes(channel: str) -> list[Purpose]:
    """Those for which a seller goes through steps."""
    if app_needs(channel).chat_follows_orders:
        return [Purpose.ORDERS]
    return [Purpose.ORDERS, Purpose.CHAT]


@pytest.mark.parametrize("channel", channels())
def test_a_marketplace_is_known_everywhere(channel: str) -> None:
    assert not list(missing_places(channel))


def test_a_marketplace_that_is_only_in_the_tests_is_missed() -> None:
    missing = set(missing_places("corner"))
    assert {"an offer", "names of its keys", "steps before connecting", "a sandbox"} <= missing
    assert not {"contract tests", "documented replies"} & missing
