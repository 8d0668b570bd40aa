"""What browsers bring in: taken in once, checked by content, kept apart (invariants 4, 7, 8)."""

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.dashboard.fulfillment import checking
from cloud.orders.models import Order
from cloud.photos.errors import StoreUnavailable
from cloud.proofs.models import Photo, Proof, QuarantinedManifest
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World, picture
from tests.support.dashboard_server import RunningDashboard

KEY = "a" * 32
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture
def browser(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield capturing_for(client, world)


def capturing_for(client: httpx.Client, world: World) -> httpx.Client:
    """As the page does that was opened by a member of this organisation."""
    client.headers["X-Organisation"] = str(world.organisation_id)
    return client


def put_photo(browser: httpx.Client, data: bytes, sha256: str = "") -> httpx.Response:
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    return browser.put(f"/fulfillment/photos/{sha256}", content=data, headers=JPEG)


def record(world: World, *photos: bytes, **fields: Any) -> bytes:
    at = "2026-11-22T06:00:00Z"
    shots = [
        {
            "sha256": hashlib.sha256(one).hexdigest(),
            "size_bytes": len(one),
            "taken_at": at,
            "clock_synced": True,
            "source": "webcam",
        }
        for one in photos
    ]
    return json.dumps(
        {
            "version": 1,
            "proof_id": KEY,
            "revision": 1,
            "closing": "send",
            "code": "2611210MINE",
            "photos": shots,
            "sequence": 1,
            "opened_at": at,
            "closed_at": at,
            "clock_synced": True,
            "packer": world.email,
        }
        | fields
    ).encode()


def put_order(
    browser: httpx.Client, payload: bytes, *, key: str = KEY, platform: str = "webcam"
) -> httpx.Response:
    address = f"/fulfillment/orders/{key}?platform={platform}"
    return browser.put(address, content=payload)


def count(world: World, model: Any) -> int:
    with world.database.read(world.scope) as session:
        return session.scalar(select(func.count(model.id))) or 0


def test_an_order_is_receipted_when_its_photos_are_there_and_taken_in_once(
    browser: httpx.Client, world: World
) -> None:
    photo = picture("one")
    payload = record(world, photo)
    sha256 = hashlib.sha256(photo).hexdigest()
    assert put_order(browser, payload).json() == {"result": "missing", "missing": [sha256]}
    assert count(world, Proof) == 0
    for _again in range(2):
        assert put_photo(browser, photo).json() == {"result": "receipted"}
    for _again in range(3):
        assert put_order(browser, payload).json() == {"result": "receipted"}
    assert (count(world, Photo), count(world, Proof), count(world, Dispatch)) == (1, 1, 1)
    assert world.store.read(world.organisation_id, sha256) == photo
    with world.database.read(world.scope) as session:
        proof = session.query(Proof).one()
    assert (proof.platform, proof.table_id, proof.packer) == ("webcam", None, world.email)
    page = browser.get(f"/parcelguard/proofs/{proof.id}").text
    assert "Browser webcam" in page


def test_another_content_under_the_same_order_is_set_aside(
    browser: httpx.Client, world: World
) -> None:
    put_photo(browser, picture("one"))
    put_order(browser, record(world, picture("one")))
    answer = put_order(browser, record(world, picture("one"), code="2611210OTHER"))
    assert (answer.status_code, answer.json()["result"]) == (409, "conflict")
    assert count(world, QuarantinedManifest) == 1
    assert put_order(browser, record(world, picture("one"))).json()["result"] == "receipted"


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 200)).save(out, "PNG")
    return out.getvalue()


def _jpeg(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, "JPEG")
    return out.getvalue()


@only_sqlite
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xd8\xff not a picture \xff\xd9", "no whole JPEG"),
        (picture("cut")[:-900], "no whole JPEG"),
        (_png(), "no whole JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no whole JPEG"),
        (_jpeg((40, 400)), "shorter than"),
        (_jpeg((1000, 801)), "more than"),
    ],
    ids=["marks alone", "cut off", "png", "svg", "a strip", "too many pixels"],
)
def test_what_is_no_photo_is_refused_by_its_content(
    browser: httpx.Client,
    world: World,
    data: bytes,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "MOST_PIXELS", 800_000)
    answer = put_photo(browser, data)
    assert (answer.status_code, answer.json()["result"]) == (422, "refused")
    assert reason in answer.json()["reason"]
    assert count(world, Photo) == 0


@only_sqlite
def test_bytes_that_are_another_photo_or_too_many_are_refused(
    browser: httpx.Client, world: World
) -> None:
    assert put_photo(browser, picture("one"), "0" * 64).status_code == 422
    assert put_photo(browser, b"\0" * (8 * 1024 * 1024 + 1)).status_code == 413
    assert put_order(browser, b" " * (64 * 1024 + 1)).status_code == 413
    assert count(world, Photo) == 0


@only_sqlite
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"proof_id": "b" * 32}, "another proof"),
        ({"version": 9}, "version 9"),
        ({"code": ""}, "code"),
        ({"packer": "nobody@other.test"}, "packer"),
        ({"packer": None}, "packer"),
    ],
)
def test_a_record_that_is_wrong_is_refused_for_good(
    browser: httpx.Client, world: World, fields: dict[str, Any], reason: str
) -> None:
    put_photo(browser, picture("one"))
    answer = put_order(browser, record(world, picture("one"), **fields))
    assert (answer.status_code, answer.json()["result"]) == (422, "refused")
    assert reason in answer.json()["reason"]
    assert count(world, Proof) == 0


@only_sqlite
def test_a_browser_is_no_table(browser: httpx.Client, world: World) -> None:
    assert put_order(browser, record(world), platform="table").status_code == 422
    assert put_order(browser, record(world), platform="").status_code == 422


@only_sqlite
def test_nothing_is_receipted_while_the_photo_store_is_away(
    dashboard: RunningDashboard, browser: httpx.Client, world: World
) -> None:
    dashboard.store.fail_next(StoreUnavailable("its disk fails"))
    assert put_photo(browser, picture("one")).status_code == 503
    assert count(world, Photo) == 0
    assert put_photo(browser, picture("one")).json() == {"result": "receipted"}


def test_another_organisations_photos_and_orders_are_not_there(
    dashboard: RunningDashboard, browser: httpx.Client, world: World
) -> None:
    """U-25: nor can they be named."""
    stranger = dashboard.world("stranger@other.test", name="Other")
    photo = picture("one")
    put_photo(browser, photo)
    put_order(browser, record(world, photo))
    with dashboard.browser(stranger.email) as other:
        # a window that was opened before somebody of another organisation signed in
        for answer in (
            put_photo(capturing_for(other, world), photo),
            put_order(other, record(world, photo)),
        ):
            assert (answer.status_code, answer.json()) == (401, {"result": "signed-out"})
        capturing_for(other, stranger)
        assert other.get(f"/fulfillment/progress?order={KEY}").json() == {"orders": {}}
        theirs = put_order(other, record(stranger, photo))
        assert theirs.json()["result"] == "missing"
        assert put_order(other, record(world, photo)).status_code == 422
        assert other.get("/fulfillment/advice?code=2611210MINE").json()["known"] == ""
    assert (count(stranger, Photo), count(stranger, Proof)) == (0, 0)
    assert set(browser.get(f"/fulfillment/progress?order={KEY}").json()["orders"]) == {KEY}


@only_sqlite
def test_other_sites_and_strangers_bring_nothing_in(
    dashboard: RunningDashboard, browser: httpx.Client, world: World
) -> None:
    photo = picture("one")
    address = f"/fulfillment/photos/{hashlib.sha256(photo).hexdigest()}"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.test"}):
        assert browser.put(address, content=photo, headers=headers).status_code == 403
    with dashboard.browser() as nobody:
        assert nobody.put(address, content=photo).status_code == 303
    assert count(world, Photo) == 0


@only_sqlite
def test_the_camera_is_allowed_on_this_page_alone(browser: httpx.Client) -> None:
    page = browser.get("/fulfillment/assistant")
    assert "camera=(self)" in page.headers["permissions-policy"]
    assert "camera=()" in browser.get("/workbench").headers["permissions-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


@only_sqlite
def test_a_packer_is_told_what_our_orders_say_of_a_code(
    browser: httpx.Client, world: World
) -> None:
    order = world.add_order("2611210GONE")

    def unit(session: Session) -> None:
        session.get_one(Order, order).cancelled = True

    world.database.write(unit, world.scope)
    told = browser.get("/fulfillment/advice?code=2611210GONE").json()
    assert told == {"known": "cancelled", "text": "This order was cancelled: do not pack it."}
    assert browser.get("/fulfillment/advice?code=unknown").json() == {"known": "", "text": ""}
