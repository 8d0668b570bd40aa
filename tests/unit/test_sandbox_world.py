"""State that is taken back together when it cannot be stored, and pictures judged by content."""

import asyncio
import io
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from fastapi import HTTPException, Request
from PIL import Image

from sandbox.errors import DataUnusable
from sandbox.market.control import only_loopback
from sandbox.market.parameters import Parameters, read_query
from sandbox.market.refusal import Refusal
from sandbox.shopee import pictures
from sandbox.shopee.demo_seed import demo_seed
from sandbox.shopee.entities import Buyer
from sandbox.shopee.seed import plant
from sandbox.shopee.world import World
from sandbox.store import Change, DocumentStore, PictureBytes
from tests.support.shopee_caller import jpeg


class FullStore(DocumentStore):
    """A store whose disk is full."""

    def write(self, changes: Iterable[Change], pictures: Iterable[PictureBytes] = ()) -> None:
        raise sqlite3.OperationalError(f"disk is full: {[*changes, *pictures]}")


def test_what_cannot_be_stored_is_taken_back() -> None:
    world = World(FullStore(None))
    world.buyers.put(Buyer(user_id=1, username="ana"))

    with pytest.raises(sqlite3.OperationalError):
        world.commit()

    assert world.buyers.get(1) is None


def test_a_data_folder_belongs_to_one_sandbox(tmp_path: Path) -> None:
    first = DocumentStore(tmp_path)

    with pytest.raises(DataUnusable, match="another sandbox is using"):
        DocumentStore(tmp_path)

    first.close()
    DocumentStore(tmp_path).close()


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(DataUnusable, match="cannot use the data folder"):
        DocumentStore(tmp_path / "data")


def test_secrets_are_in_no_repr() -> None:
    world = World(DocumentStore(None))
    plant(world, demo_seed())

    shown = repr([*world.apps, *world.access_tokens, *world.refresh_tokens, demo_seed()])

    assert "shpk_test" not in shown
    assert "0123456789abcdef" not in shown
    assert "fedcba98" not in shown


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "file is required"),
        (b"\xff\xd8\xff\xe0 not a picture", "not a whole"),
        (jpeg()[:-200], "not a whole"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a whole"),
        (jpeg(side_px=400), "more than 1000 bytes"),
    ],
    ids=["empty", "only looks like one", "cut off", "other format", "too big"],
)
def test_a_bad_picture_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        pictures.judge(body, limit_bytes=1000, shop_id=1, now=0.0)

    assert refused.value.error == "param_error"


def test_a_picture_that_lost_its_end_is_refused() -> None:
    out = io.BytesIO()
    Image.effect_noise((400, 300), 80).save(out, "JPEG")
    whole = out.getvalue()
    assert pictures.judge(whole, limit_bytes=10**6, shop_id=1, now=0.0).size_bytes == len(whole)

    with pytest.raises(Refusal, match="not a whole"):
        pictures.judge(whole[: len(whole) // 2], limit_bytes=10**6, shop_id=1, now=0.0)


@pytest.mark.parametrize(
    ("host", "answers"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.7", False), (None, False)],
)
def test_control_answers_to_this_machine_only(host: str | None, answers: bool) -> None:
    request = Request({"type": "http", "client": (host, 5) if host else None})

    if answers:
        asyncio.run(only_loopback(request))
    else:
        with pytest.raises(HTTPException) as refused:
            asyncio.run(only_loopback(request))
        assert refused.value.status_code == 403


def test_a_good_picture_is_described() -> None:
    picture = pictures.judge(jpeg(), limit_bytes=1000, shop_id=1, now=0.0)

    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 64, 64)


def test_ids_come_as_numbers_or_strings_and_lists_in_three_ways() -> None:
    parameters = Parameters(
        {"a": 12, "b": "12", "c": ["x", "y"], "d": "x,y", **read_query("e=x&&e=y&")}, error="bad"
    )

    assert parameters.whole("a") == parameters.whole("b") == 12
    assert parameters.listing("c") == parameters.listing("d") == parameters.listing("e")


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "٣", "9" * 20, True, {"a": 1}])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(Refusal, match="id must be"):
        Parameters({"id": value}, error="param_error").whole("id")
