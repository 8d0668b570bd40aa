"""One organisation never sees another's anything; what browsers are told to forbid; errors."""

import gzip
import hashlib
import re
from collections.abc import Iterator

import httpx
import pytest

from cloud.conversations.states import DispatchState
from cloud.photos.errors import StoreUnavailable
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard

FIRST_VISIT_LIMIT_BYTES = 250_000


@pytest.fixture
def stranger(dashboard: RunningDashboard) -> World:
    return dashboard.world("stranger@other.test", name="Other")


def test_another_organisations_rows_are_not_there(
    dashboard: RunningDashboard, world: World, stranger: World
) -> None:
    """U-25."""
    order = world.add_order("2611210MINE", "TRACK-MINE")
    proof = world.add_proof("2611210MINE", DispatchState.NOT_CONFIRMED, order_id=order)
    world.tell_health(sign="open", open_code="2611210OPEN")
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"/parcelguard/proofs/{proof}").text
    photos = set(re.findall(r"/photos/[0-9a-f]{64}", page))
    posts = set(re.findall(r'action="(/parcelguard/[^"]+)"', page))
    assert photos
    assert posts
    addresses = [
        f"/parcelguard/proofs/{proof}",
        f"/parcelguard/proofs/{proof}/live",
        f"/workbench?table={world.table_id}",
        f"/workbench/table?table={world.table_id}",
        *photos,
        *(f"{photo}/small" for photo in photos),
    ]
    filters = ["", "?code=2611210MINE", "?code=TRACK-MINE", f"?shop={world.shop_id}"]
    with dashboard.browser(stranger.email) as browser:
        assert {one: browser.get(one).status_code for one in addresses} == dict.fromkeys(
            addresses, 404
        )
        for post in [*posts, f"/parcelguard/proofs/{proof}/resend"]:
            assert browser.post(post, data={"after": "0", "reason": "a dispute"}).status_code == 404
        for query in filters:
            for path in ("/parcelguard/log", "/parcelguard/log/rows"):
                answer = browser.get(path + query)
                assert answer.status_code == 200
                assert "proof-" + str(proof) not in answer.text
                assert "Demo Shop" not in answer.text
        workbench = browser.get("/workbench").text
    assert "2611210" not in workbench


@only_sqlite
def test_nothing_is_shown_without_a_sign_in(dashboard: RunningDashboard, world: World) -> None:
    proof = world.add_proof("2611210MINE")
    photo = "a" * 64
    with dashboard.browser() as browser:
        for path in (
            f"/parcelguard/proofs/{proof}",
            f"/parcelguard/proofs/{proof}/live",
            "/parcelguard/log",
            "/parcelguard/log/rows",
            "/workbench/latest",
            f"/photos/{photo}",
            f"/photos/{photo}/small",
        ):
            assert browser.get(path).status_code == 303, path
        assert browser.get("/events").status_code == 401
        answer = browser.post(f"/parcelguard/proofs/{proof}/resend", data={"after": "0"})
        assert answer.headers["location"] == "/sign-in"
        part = browser.get("/workbench/latest", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-refresh"]) == (401, "true")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
    ],
)
@only_sqlite
def test_forms_of_other_sites_change_nothing(
    dashboard: RunningDashboard, world: World, headers: dict[str, str]
) -> None:
    with dashboard.browser(world.email) as browser:
        answer = browser.post("/sign-out", headers=headers)
        assert answer.status_code == 403
        assert "This was not allowed" in answer.text
        assert browser.get("/workbench").status_code == 200


@only_sqlite
def test_a_form_is_never_long(dashboard: RunningDashboard, world: World) -> None:
    def endless() -> Iterator[bytes]:
        yield b"language=ms"

    with dashboard.browser(world.email) as browser:
        big = browser.post("/language", data={"language": "m" * 70_000})
        unknown = browser.post("/language", content=endless())
    assert (big.status_code, unknown.status_code) == (413, 411)


def pages(world: World, proof: int) -> list[str]:
    return [
        "/sign-in",
        "/workbench",
        "/parcelguard/log",
        f"/parcelguard/proofs/{proof}",
        "/reports",
        "/missing",
    ]


@only_sqlite
def test_every_answer_carries_the_policy_and_no_page_needs_an_exception_from_it(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = world.add_proof("2611210MINE")
    with dashboard.browser(world.email) as browser:
        for path in pages(world, proof):
            answer = browser.get(path, follow_redirects=True)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
            assert "https://" not in answer.text
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)


@only_sqlite
def test_a_first_visit_stays_within_its_weight(dashboard: RunningDashboard, world: World) -> None:
    proof = world.add_proof("2611210MINE", photos=3)
    with dashboard.browser(world.email) as browser:
        for path in pages(world, proof):
            answer = browser.get(path, follow_redirects=True)
            parts = set(re.findall(r'(?:src|href)="(/(?:static|photos)/[^"#]+)', answer.text))
            parts = {part for part in parts if "/photos/" not in part or part.endswith("/small")}
            weights = {part: wire_bytes(browser, part) for part in parts}
            assert sum(weights.values()) + wire_bytes(browser, path) < FIRST_VISIT_LIMIT_BYTES


def wire_bytes(browser: httpx.Client, path: str) -> int:
    """Bytes of an answer as they travel."""
    with browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        return sum(len(chunk) for chunk in answer.iter_raw())


@only_sqlite
def test_static_files_are_compressed_and_kept_for_ever_by_their_hash(
    dashboard: RunningDashboard,
) -> None:
    with dashboard.browser() as browser:
        page = browser.get("/sign-in").text
        found = re.search(r'href="(/static/([0-9a-f]+)/vendor/tabler\.min\.css)"', page)
        assert found is not None
        path, digest = found[1], found[2]
        plain = browser.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert hashlib.sha256(plain.content).hexdigest().startswith(digest)
        assert "immutable" in plain.headers["cache-control"]
        with browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
            assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content
        assert browser.get(path.replace(digest, "0" * len(digest))).status_code == 404
        for hidden in ("vendor/LICENSE.htmx", "../app.py", "%2e%2e/app.py"):
            assert browser.get(f"/static/{digest}/{hidden}").status_code == 404


@only_sqlite
def test_a_photo_store_that_is_away_is_said_so(dashboard: RunningDashboard, world: World) -> None:
    photo = world.add_photo("one")
    with dashboard.browser(world.email) as browser:
        dashboard.store.fail_next(StoreUnavailable("its disk fails"))
        answer = browser.get(f"/photos/{photo}")
        assert answer.status_code == 503
        assert "Try again in a moment." in answer.text
        assert browser.get(f"/photos/{photo}").status_code == 200
        dashboard.store.damage(world.organisation_id, photo)
        assert browser.get(f"/photos/{photo}").status_code == 404


@only_sqlite
def test_an_error_of_ours_is_a_page_without_its_details(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("cloud.dashboard.chat_log.page.table_names", broken)
    with dashboard.browser(world.email) as browser:
        answer = browser.get("/parcelguard/log")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "secret words" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
