"""Sending in the Lazada sandbox: kinds of messages, rules, pictures (marketplace-apis 2.4)."""

import hashlib
import io
import json
from typing import Any

import pytest
from PIL import Image

from sandbox.control_client import MarketControl
from tests.support.lazada_caller import LazadaCaller
from tests.support.shopee_caller import jpeg

DAY_S = 86_400
SHOP, BUYER, SECOND_BUYER = "200000001", "100000001", "100000002"
ORDER, SECOND_ORDER = "330011223344556", "330011223344557"
SESSION, SECOND_SESSION = "200000001_2_100000001_1_103", "200000001_2_100000002_1_103"


def opened(lazada: LazadaCaller, order_id: str) -> Any:
    return lazada.get("/im/session/open", order_id=order_id)


def contents(answer: Any) -> list[Any]:
    return [json.loads(one["content"]) for one in answer["data"]["message_list"]]


def test_an_order_card_and_a_picture_are_seen_as_they_are(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    url = lazada.uploaded()
    for template_id, fields in (
        (3, {"img_url": url, "width": 64, "height": 64}),
        (10007, {"order_id": ORDER}),
        (4, {"txt": "[happy]"}),
        (10010, {}),
    ):
        assert lazada.send(SESSION, template_id, **fields)["success"] is True
    _, emoji, card, image, *_ = contents(lazada.messages(SESSION))
    assert (image["imgUrl"], image["width"], image["height"]) == (url, 64, 64)
    assert image["osskey"] == url.rsplit("/", 1)[-1]
    assert (card["orderId"], card["status"]) == (ORDER, "ready_to_ship")
    assert emoji["txt"] == "[happy]"
    seen = lazada_control.chat(SHOP, BUYER)["messages"][-4:]
    assert [one["message_type"] for one in seen] == ["image", "order", "emoji", "follow"]
    assert lazada.http.get(url).content == jpeg()


@pytest.mark.parametrize(
    ("template_id", "fields", "code"),
    [
        (1, {}, "MissingParameter"),
        (1, {"txt": "x" * 5001}, "InvalidParameter"),
        (2, {"txt": "system"}, "InvalidParameter"),
        (99, {"txt": "x"}, "InvalidParameter"),
        (4, {"txt": "happy"}, "InvalidParameter"),
        (10007, {}, "MissingParameter"),
        (10007, {"order_id": SECOND_ORDER}, "InvalidParameter"),
        (10007, {"order_id": "1"}, "InvalidParameter"),
        (10006, {}, "MissingParameter"),
        (3, {"img_url": "https://elsewhere.test/a.jpg"}, "MissingParameter"),
        (
            3,
            {"img_url": "https://elsewhere.test/a.jpg", "width": 1, "height": 1},
            "InvalidParameter",
        ),
        (3, {"width": 64, "height": 64}, "MissingParameter"),
    ],
)
def test_what_cannot_be_sent(
    lazada_control: MarketControl,
    lazada: LazadaCaller,
    template_id: int,
    fields: dict[str, object],
    code: str,
) -> None:
    before = len(lazada_control.chat(SHOP, BUYER)["messages"])
    assert lazada.send(SESSION, template_id, **fields)["code"] == code
    assert len(lazada_control.chat(SHOP, BUYER)["messages"]) == before


@pytest.mark.parametrize("size", [{"width": 0, "height": 64}, {"width": 64}, {"height": "x"}])
def test_a_picture_is_sent_with_its_size(lazada: LazadaCaller, size: dict[str, object]) -> None:
    answer = lazada.send(SESSION, 3, img_url=lazada.uploaded(), **size)
    assert answer["code"] in {"InvalidParameter", "MissingParameter"}


def test_a_picture_from_elsewhere_is_a_limit(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.limits(external_images=True)
    url = "https://elsewhere.test/a.jpg"
    assert lazada.send(SESSION, 3, img_url=url, width=4, height=3)["success"] is True
    assert contents(lazada.messages(SESSION))[0]["imgUrl"] == url


def test_a_picture_of_another_seller_cannot_be_sent(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    url, own_token = lazada.uploaded(), lazada.access_token
    shop = {"shop_id": "200000002", "shop_name": "Other", "region": "MY"}
    lazada_control.call("POST", "/shops", shop)
    minted = lazada_control.call("POST", "/shops/200000002/tokens", {"app_key": "100001"})
    lazada_control.buyer_writes("200000002", BUYER, "hello")
    lazada.access_token = minted["access_token"]
    fields = {"img_url": url, "width": 64, "height": 64}
    session = "200000002_2_100000001_1_103"
    assert lazada.send(session, 3, **fields)["code"] == "InvalidParameter"
    lazada.access_token = own_token
    assert lazada.send(SESSION, 3, **fields)["success"] is True


def test_five_messages_a_day_until_the_buyer_answers(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    opened(lazada, SECOND_ORDER)

    def send(count: int) -> list[bool]:
        return [lazada.text(SECOND_SESSION, f"{n}")["success"] for n in range(count)]

    assert send(6) == [True] * 5 + [False]
    refused = lazada.text(SECOND_SESSION, "more")
    assert (refused["code"], refused["err_code"]) == ("0", "-30")
    lazada_control.buyer_writes(SHOP, SECOND_BUYER, "thanks")
    assert send(2) == [True, True]
    lazada_control.advance(DAY_S + 60)
    assert send(5) == [True] * 5
    assert send(1) == [False]
    lazada_control.advance(DAY_S + 60)
    assert send(1) == [True]


def test_what_people_write_in_the_seller_centre_counts_too(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    opened(lazada, SECOND_ORDER)
    for _ in range(5):
        lazada_control.seller_writes(SHOP, SECOND_BUYER, "by hand")
    assert lazada.text(SECOND_SESSION, "one more")["success"] is False


@pytest.mark.parametrize("how", ["word", "picture", "blocked", "fault"])
def test_a_message_that_fails_the_check_is_accepted_and_only_the_seller_sees_it(
    lazada_control: MarketControl, lazada: LazadaCaller, how: str
) -> None:
    before = len(lazada_control.chat(SHOP, BUYER)["messages"])
    if how == "blocked":
        lazada_control.change_contact(SHOP, BUYER, blocked_by_buyer=True)
    if how == "fault":
        lazada_control.fault("status_after", "send")
    if how == "picture":
        url = lazada.uploaded()
        sha256 = hashlib.sha256(jpeg()).hexdigest()
        lazada_control.limits(censored_sha256=[sha256])
        sent = lazada.send(SESSION, 3, img_url=url, width=64, height=64)
    else:
        sent = lazada.text(SESSION, "call me on WhatsApp" if how == "word" else "hello")
    assert sent["success"] is True
    newest = lazada.messages(SESSION)["data"]["message_list"][0]
    assert newest["message_id"] == sent["data"]["message_id"]
    assert newest["process_msg"] == "The message failed the safety check."
    chat = lazada_control.chat(SHOP, BUYER)
    assert (len(chat["messages"]), len(chat["not_shown"])) == (before, 1)


def test_a_message_can_be_recalled_for_two_minutes(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    early, late = (lazada.text(SESSION, text)["data"]["message_id"] for text in "ab")
    before = len(lazada_control.chat(SHOP, BUYER)["messages"])
    values = {"session_id": SESSION, "message_id": early}
    assert lazada.post("/im/message/recall", **values)["success"] is True
    rows = {one["message_id"]: one for one in lazada.messages(SESSION)["data"]["message_list"]}
    assert (rows[early]["status"], rows[late]["status"]) == (1, 0)
    assert len(lazada_control.chat(SHOP, BUYER)["messages"]) == before - 1
    lazada_control.advance(121)
    values["message_id"] = late
    assert lazada.post("/im/message/recall", **values)["success"] is False
    values["message_id"] = "1"
    assert lazada.post("/im/message/recall", **values)["success"] is False


def png(side_px: int = 64) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px), "teal").save(out, "PNG")
    return out.getvalue()


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("P", (4, 4)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (jpeg(), "0"),
        (png(), "0"),
        (b"", "30"),
        (None, "302"),
        (gif(), "302"),
        (b"\xff\xd8\xff not a picture", "302"),
        (jpeg()[:-60], "302"),
        (jpeg() + bytes(1_000_000), "303"),
    ],
    ids=["jpeg", "png", "empty", "none", "gif", "noise", "cut", "large"],
)
def test_pictures_are_judged_by_what_they_are(
    lazada: LazadaCaller, picture: bytes | None, code: str
) -> None:
    answer = lazada.upload(picture)
    assert answer["code"] == code
    if code == "0":
        assert set(answer["data"]["image"]) == {"url", "hash_code"}
