"""Finding a marketplace by its channel, and what it can do in a country."""

import re

import httpx
import pytest

from cloud.marketplaces.registry import (
    Entry,
    capabilities_of,
    channels,
    could_be_order_number,
    default_base_url,
    marketplace_for,
    register,
)


def test_every_channel_has_a_marketplace_that_knows_its_name() -> None:
    with httpx.Client() as http:
        made = [
            marketplace_for(name, http=http, base_url=default_base_url(name, "SG")).channel
            for name in channels()
        ]
    assert made == list(channels())
    assert {"shopee", "lazada", "tiktok"} <= set(made)


def test_an_unknown_channel_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'ebay'; known: .*shopee"):
        default_base_url("ebay", "SG")


def test_a_name_is_given_to_one_marketplace_only_and_can_be_taken_back() -> None:
    entry = Entry(
        "corner",
        lambda http, base_url, now: marketplace_for(
            "shopee", http=http, base_url=base_url, now=now
        ),
        lambda _country: "https://corner.test",
        lambda country: capabilities_of("shopee", country),
        re.compile(r"C[0-9]+"),
    )
    take_out = register(entry)
    try:
        assert default_base_url("corner", "SG") == "https://corner.test"
        assert could_be_order_number("corner", "C1")
        with pytest.raises(ValueError, match="'corner' already"):
            register(entry)
    finally:
        take_out()
    assert "corner" not in channels()


@pytest.mark.parametrize(
    ("country", "host"),
    [
        ("SG", "https://partner.shopeemobile.com"),
        ("BR", "https://openplatform.shopee.com.br"),
        ("", "https://partner.shopeemobile.com"),
    ],
)
def test_shopee_answers_at_the_host_of_the_country(country: str, host: str) -> None:
    assert default_base_url("shopee", country) == host


@pytest.mark.parametrize(("country", "can_send"), [("SG", True), ("TW", False), ("tw", False)])
def test_shopee_cannot_send_in_taiwan_and_says_so(country: str, can_send: bool) -> None:
    with httpx.Client() as http:
        marketplace = marketplace_for("shopee", http=http, base_url="https://shopee.test")
        abilities = marketplace.capabilities(country)
    assert abilities.can_send_chat is can_send
    assert bool(abilities.reason) is not can_send
    assert (abilities.text_limit_chars, abilities.unanswered_limit) == (600, 5)


@pytest.mark.parametrize("country", ["MY", "SG", "ID", ""])
def test_tiktok_shop_answers_and_sends_alike_everywhere(country: str) -> None:
    address = default_base_url("tiktok", country)
    assert address == "https://open-api.tiktokglobalshop.com"
    with httpx.Client() as http:
        abilities = marketplace_for("tiktok", http=http, base_url=address).capabilities(country)
    assert abilities.can_send_chat
    assert (abilities.text_limit_chars, abilities.unanswered_limit) == (2000, None)


@pytest.mark.parametrize(
    ("code", "could_be"),
    [("576461413038785752", True), ("231115ABCDEF12", False), ("1234567890", False)],
)
def test_tiktok_orders_are_known_by_their_length(code: str, could_be: bool) -> None:
    assert could_be_order_number("tiktok", code) is could_be


@pytest.mark.parametrize(
    ("code", "could_be"),
    [("330011223344556", True), ("231115ABCDEF12", False), ("576461413038785752", False)],
)
def test_lazada_orders_are_digits_and_fewer_than_tiktoks(code: str, could_be: bool) -> None:
    assert could_be_order_number("lazada", code) is could_be
