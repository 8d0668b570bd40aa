"""Evidence of an order: pictures to upload, and a file that proves itself (issue 6)."""

import csv
import hashlib
import io
import json
import zipfile

import httpx
import pytest
from PIL import Image, ImageChops
from sqlalchemy import update

from cloud.conversations.states import DispatchState, Reason
from cloud.dashboard.evidence.papers import Case
from cloud.proofs.models import Proof, ProofPhoto
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard

MOST_BYTES = 900_000


def address(proof: int) -> str:
    return f"/parcelguard/proofs/{proof}/evidence"


def packed(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


def sent(world: World) -> int:
    order = world.add_order("2611210MINE", "MY123456789")
    return world.add_proof("2611210MINE", order_id=order, packer="@Mei")


@only_sqlite
def test_a_picture_has_the_photo_and_a_printed_strip_below(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = sent(world)
    words: list[tuple[str, ...]] = []
    printed = Case.printed

    def noted(case: Case, photo: ProofPhoto) -> tuple[str, ...]:
        words.append(printed(case, photo))
        return words[-1]

    monkeypatch.setattr(Case, "printed", noted)
    with dashboard.browser(world.email) as browser:
        browser.cookies.set("packwitness-zone", "Asia/Kuala_Lumpur")
        answer = browser.get(f"{address(proof)}/2.jpg")
        assert browser.get(f"{address(proof)}/3.jpg").status_code == 404
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="packwitness-2611210MINE-2.jpg"'
    )
    assert len(answer.content) <= MOST_BYTES
    picture = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert picture.width == 640
    strip = picture.crop((0, 480, 640, picture.height))
    assert strip.height > 10
    paper = Image.new("RGB", strip.size, "white")
    assert ImageChops.difference(strip, paper).getbbox() is not None  # something is written
    assert [one[:4] for one in words] == [
        (
            "Order 2611210MINE",
            "Tracking MY123456789",
            "Taken 2026-11-21 13:59:41+08:00",
            "Photo 2 of 2",
        )
    ]


def test_the_file_has_originals_timeline_and_hashes_that_fit(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = sent(world)
    with dashboard.browser(world.email) as browser:
        answer = browser.get(f"{address(proof)}.zip")
    assert answer.headers["content-type"] == "application/zip"
    files = packed(answer)
    assert sorted(files) == [
        "SHA256SUMS",
        "manifest.json",
        "originals/photo-1.jpg",
        "originals/photo-2.jpg",
        "timeline.csv",
        "upload/photo-1.jpg",
        "upload/photo-2.jpg",
    ]
    lines = files["SHA256SUMS"].decode().splitlines()
    sums = {name: sha256 for sha256, _two_spaces, name in (one.partition("  ") for one in lines)}
    del files["SHA256SUMS"]
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    about = json.loads(files["manifest.json"])
    assert about["order_number"] == "2611210MINE"
    assert about["tracking_numbers"] == ["MY123456789"]
    assert about["closed_at"] == "2026-11-21T06:00:00.000+00:00"
    for photo in about["photos"]:
        assert photo["sha256"] == sums[photo["file"]]
        assert not photo["is_missing"]
    rows = list(csv.reader(io.StringIO(files["timeline.csv"].decode("utf-8-sig"))))
    times = [row[0] for row in rows[1:]]
    assert times == sorted(times)
    told = [" ".join(row) for row in rows]
    assert any("Text: Try 1" in one and "The marketplace has it" in one for one in told)
    assert any("Your order 2611210MINE is packed." in one for one in told)


@only_sqlite
def test_an_original_that_is_lost_is_said_to_be_missing(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210MINE")
    proof = world.add_proof(
        "2611210MINE", DispatchState.FAILED, order_id=order, reason=Reason.REFUSED_CONTENT
    )
    with dashboard.browser(world.email) as browser:
        about = json.loads(packed(browser.get(f"{address(proof)}.zip"))["manifest.json"])
        dashboard.store.damage(world.organisation_id, about["photos"][0]["sha256"])
        assert browser.get(f"{address(proof)}/1.jpg").status_code == 404
        files = packed(browser.get(f"{address(proof)}.zip"))
    about = json.loads(files["manifest.json"])
    assert [one["is_missing"] for one in about["photos"]] == [True, False]
    assert "originals/photo-1.jpg" not in files
    assert "The marketplace refused it" in files["timeline.csv"].decode()


def test_another_organisation_gets_no_evidence(dashboard: RunningDashboard, world: World) -> None:
    proof = sent(world)
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(stranger.email) as browser:
        for path in ("/1.jpg", ".zip"):
            assert browser.get(address(proof) + path).status_code == 404
    with dashboard.browser() as browser:
        assert browser.get(f"{address(proof)}.zip").status_code == 303


@only_sqlite
def test_what_is_not_known_yet_stands_under_its_code(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = world.add_proof("../AB C", None, closing="unsent", clock_synced=False)
    with dashboard.browser(world.email) as browser:
        answer = browser.get(f"{address(proof)}/1.jpg")
        assert answer.headers["content-disposition"] == (
            'attachment; filename="packwitness----AB-C-1.jpg"'
        )
        about = json.loads(packed(browser.get(f"{address(proof)}.zip"))["manifest.json"])
    assert about["order_number"] is None
    assert about["clock_was_set"] is False


@only_sqlite
def test_the_timeline_names_the_browser_or_phone_that_captured_it(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = sent(world)
    captured = update(Proof).where(Proof.id == proof).values(platform="webcam", table_id=None)
    world.database.write(lambda session: session.execute(captured), world.scope)
    with dashboard.browser(world.email) as browser:
        timeline = packed(browser.get(f"{address(proof)}.zip"))["timeline.csv"].decode()
    assert "Order scanned at Browser webcam" in timeline
