"""What people do on the pages stands in the log under the proof's id (issue 3)."""

import logging

import pytest

from cloud.conversations.states import DispatchState
from cloud.database.scope import scoped
from cloud.proofs.models import Proof
from tests.database_rows import only_sqlite
from tests.support.counted import since_now
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard

PROOFS = "/parcelguard/proofs"


def key_of(world: World, proof_id: int) -> str:
    with world.database.read(scoped(world.organisation_id)) as session:
        return session.get_one(Proof, proof_id).proof_key


def said_of(caplog: pytest.LogCaptureFixture, proof_key: str) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if getattr(record, "proof", None) == proof_key
    ]


@only_sqlite
@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"{PROOFS}/{{}}/resend", {"after": "0"}),
        ("/parcelguard/log/resend?state=failed", {"upto": "999999"}),
        (f"{PROOFS}/{{}}/by-hand", {}),
    ],
)
def test_a_persons_word_is_logged_with_the_proof(
    dashboard: RunningDashboard,
    world: World,
    caplog: pytest.LogCaptureFixture,
    path: str,
    form: dict[str, str],
) -> None:
    world.let_batches_go()
    order = world.add_order("2611210WORD")
    proof = world.add_proof("2611210WORD", DispatchState.FAILED, order_id=order)
    with dashboard.browser(world.email) as browser, caplog.at_level(logging.INFO):
        answer = browser.post(path.format(proof), data=form)
        assert answer.status_code == 303, answer.text
    word = "by-hand-noted" if path.endswith("by-hand") else "resend-asked"
    assert said_of(caplog, key_of(world, proof)) == [f"a person's word: {word}"]


@only_sqlite
def test_what_is_refused_is_no_word(
    dashboard: RunningDashboard, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    order = world.add_order("2611210SENT")
    proof = world.add_proof("2611210SENT", DispatchState.SENT, order_id=order)
    with dashboard.browser(world.email) as browser, caplog.at_level(logging.INFO):
        browser.post(f"{PROOFS}/{proof}/by-hand")
    assert said_of(caplog, key_of(world, proof)) == []


@only_sqlite
def test_a_photo_that_the_store_has_lost_is_logged_and_counted(
    dashboard: RunningDashboard, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.add_proof("2611210LOST", photos=1)
    [sha256] = [photo.key.sha256 for photo in dashboard.store.listing(world.organisation_id)]
    dashboard.store.damage(world.organisation_id, sha256)
    damaged = since_now("photo_store_errors_total", error="PhotoDamaged")
    with dashboard.browser(world.email) as browser:
        assert browser.get(f"/photos/{sha256}").status_code == 404
    assert damaged() == 1
    assert "a photo is lost" in caplog.text
