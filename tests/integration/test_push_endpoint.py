"""What marketplaces tell us comes in once, signed, in time; everything else stays out."""

import hmac
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy.orm import Session

from cloud.api.pushes import MOST_BODY_BYTES
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import scoped
from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.pushes import Push
from cloud.shops.push_apps import push_path_of
from cloud.shops.service import Purpose, put_app_credential
from cloud.sync.inbox import KEPT, forget_pushes
from cloud.sync.intake import NEWEST, OLDEST
from cloud.sync.models import InboxPush
from tests.support.dispatch_bench import TEST, Bench
from tests.support.push_door import PushDoor, open_door
from tests.support.waiting import eventually

ORDER = "261018PUSHED01"


@pytest.fixture
def door(bench: Bench) -> Iterator[PushDoor]:
    with open_door(bench) as made:
        yield made


def enter_app(bench: Bench, app: AppCredentials) -> str | None:
    def unit(session: Session) -> str | None:
        put_app_credential(
            session,
            bench.box,
            channel="shopee",
            purpose=Purpose.ORDERS,
            app=app,
            base_url=bench.sandbox.base_url,
        )
        return push_path_of(session, "shopee", Purpose.ORDERS)

    return bench.database.write(unit, scoped(bench.organisation_id))


def app_of(bench: Bench, **changes: str) -> AppCredentials:
    return AppCredentials(str(bench.sandbox.partner_id), bench.sandbox.partner_key, **changes)


def seconds(ago: timedelta) -> int:
    return int((utc_now() - ago).timestamp())


def test_a_signed_push_is_kept_as_it_came(door: PushDoor) -> None:
    raw = door.order(ORDER)
    answer = door.post(raw)
    assert (answer.status_code, answer.content) == (200, b"")
    (kept,) = door.kept()
    assert (kept.raw_body, kept.organisation_id) == (raw, door.bench.organisation_id)
    assert kept.due_at is not None
    assert kept.told_at <= kept.received_at <= utc_now()


def test_a_repeated_push_is_answered_alike_and_kept_once(door: PushDoor) -> None:
    raw = door.order(ORDER)
    for _ in range(3):
        door.tell(raw)
    door.tell(door.order("261018PUSHED02"))
    assert len(door.kept()) == 2


def test_a_push_that_comes_several_times_at_once_is_kept_once(door: PushDoor) -> None:
    raw = door.order(ORDER)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: door.post(raw).status_code, range(24)))
    assert set(answers) == {200}
    assert len(door.kept()) == 1


def test_one_that_another_process_keeps_at_this_moment_is_answered_alike(
    door: PushDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other's row; the database refuses the second."""

    def blind(session: Session, credential_id: int, push: Push, raw: bytes, now: datetime) -> bool:
        row = InboxPush(credential_id=credential_id, push_key=push.key, raw_body=raw)
        row.told_at = row.received_at = row.due_at = now
        session.add(row)
        return True

    monkeypatch.setattr("cloud.sync.intake.put_push", blind)
    raw = door.order(ORDER)
    door.tell(raw)
    door.tell(raw)
    assert len(door.kept()) == 1


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä", "Bearer x"])
def test_what_is_not_signed_is_refused(door: PushDoor, signature: str) -> None:
    raw = door.order(ORDER)
    answer = door.http.post(door.url, content=raw, headers=[(b"authorization", signature.encode())])
    assert (answer.status_code, answer.json()) == (401, {"error": "wrong-signature"})
    assert door.post(raw, door.sign(raw + b" ")).status_code == 401
    assert door.post(raw, door.sign(raw, key="another")).status_code == 401
    assert door.kept() == []


def test_the_registered_address_is_signed_and_not_the_host_that_is_asked_for(
    door: PushDoor,
) -> None:
    """Behind a proxy both differ; and a stranger chooses the Host."""
    raw = door.order(ORDER)
    assert door.post(raw, Host="proxy.internal").status_code == 200
    elsewhere = door.url.replace("127.0.0.1", "evil.test")
    signature = door.sign(raw, url=elsewhere)
    assert door.post(raw, signature, Host="evil.test").status_code == 401


def test_signatures_are_compared_in_constant_time(
    door: PushDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []
    compare = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    door.post(door.order(ORDER), "0" * 64)
    assert b"0" * 64 in compared


def test_a_push_key_of_its_own_is_taken_beside_the_apps(door: PushDoor) -> None:
    """Which of the two signs is not known (marketplace-apis 1.6)."""
    raw = door.order(ORDER)
    assert door.post(raw, door.sign(raw, key="push-key")).status_code == 401
    path = enter_app(door.bench, app_of(door.bench, push_secret="push-key"))
    assert door.url.endswith(path or "-")
    assert door.post(raw, door.sign(raw, key="push-key")).status_code == 200
    assert door.post(door.order("261018PUSHED02")).status_code == 200


def test_entering_the_same_app_again_keeps_its_push_key_and_another_app_loses_it(
    door: PushDoor,
) -> None:
    enter_app(door.bench, app_of(door.bench, push_secret="push-key"))
    enter_app(door.bench, app_of(door.bench))
    raw = door.order(ORDER)
    assert door.post(raw, door.sign(raw, key="push-key")).status_code == 200
    path = enter_app(door.bench, AppCredentials("7", "another-secret"))
    assert door.url.endswith(path or "-"), "the registered address stays"
    raw = door.order("261018PUSHED02")
    assert door.post(raw, door.sign(raw, key="push-key")).status_code == 401
    assert door.post(raw, door.sign(raw, key="another-secret")).status_code == 200


@pytest.mark.parametrize("path", ["/hooks/shopee/x", "/hooks/lazada/{key}", "/hooks/nobody/{key}"])
def test_an_unknown_address_says_no_more(door: PushDoor, path: str) -> None:
    key = door.url.rpartition("/")[2]
    url = str(httpx.URL(door.url).copy_with(path=path.format(key=key)))
    raw = door.order(ORDER)
    answer = door.http.post(url, content=raw, headers={"Authorization": door.sign(raw)})
    assert (answer.status_code, answer.json()) == (404, {"error": "unknown"})
    assert door.kept() == []


def test_a_body_without_end_is_refused(door: PushDoor) -> None:
    raw = b" " * (MOST_BODY_BYTES + 1)
    answer = door.post(raw)
    assert (answer.status_code, answer.json()) == (413, {"error": "too-long"})

    def slices() -> Iterator[bytes]:
        for _ in range(64):
            yield raw[: 64 * 1024]

    answer = door.http.post(door.url, content=slices())
    assert answer.status_code == 413


@pytest.mark.parametrize("raw", [b"{}", b"<html>", b"[" * 5000, b"\xff", b'{"code":3}'])
def test_a_signed_body_that_says_nothing_is_refused_by_name(door: PushDoor, raw: bytes) -> None:
    answer = door.post(raw)
    assert (answer.status_code, answer.json()) == (400, {"error": "malformed"})
    assert door.kept() == []


@pytest.mark.parametrize(
    ("told_ago", "status"),
    [
        (OLDEST - timedelta(minutes=1), 200),
        (OLDEST + timedelta(minutes=1), 400),
        (timedelta(minutes=1) - NEWEST, 200),
        (-NEWEST - timedelta(minutes=1), 400),
    ],
)
def test_a_push_is_taken_within_a_window(door: PushDoor, told_ago: timedelta, status: int) -> None:
    answer = door.post(door.order(ORDER, timestamp=seconds(told_ago)))
    assert answer.status_code == status
    assert len(door.kept()) == (status == 200)


def test_no_push_can_come_again_after_it_was_forgotten(door: PushDoor) -> None:
    assert OLDEST + NEWEST < KEPT
    door.tell(door.order(ORDER))
    assert door.bench.database.write(lambda one: forget_pushes(one, utc_now()), TEST) == 0
    door.work_off()
    early, late = utc_now() - timedelta(hours=1), utc_now()
    assert door.bench.database.write(lambda one: forget_pushes(one, early), TEST) == 0
    assert door.bench.database.write(lambda one: forget_pushes(one, late), TEST) == 1


@pytest.mark.parametrize("raw", [b"", None])
def test_a_verification_is_answered_and_leaves_nothing(door: PushDoor, raw: bytes | None) -> None:
    door.tell(door.body(0, {"verify_info": "hello"}) if raw is None else raw)
    assert door.kept() == []
    assert door.http.post(door.url, content=b"").status_code == 401


def test_the_sandbox_may_register_the_address(door: PushDoor) -> None:
    """It sends the verification push, and waits for the answer."""
    door.register()
    door.bench.sandbox.control.push(
        door.bench.sandbox.partner_id, "3", door.bench.sandbox.shop_id, ordersn=ORDER, status="X"
    )
    assert eventually(door.kept)


def test_a_database_in_trouble_is_a_passing_refusal(
    door: PushDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marketplaces repeat pushes after it."""
    database = door.bench.database

    def busy(*_: object, **__: object) -> None:
        raise DatabaseBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(type(database), "write", busy)
        answer = door.post(door.order(ORDER))
    assert (answer.status_code, answer.json()) == (503, {"error": "not-now"})
    door.tell(door.order(ORDER))


def test_neither_keys_nor_bodies_get_into_the_log(
    door: PushDoor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    raw = door.order(ORDER)
    door.tell(raw)
    door.post(raw, "0" * 64)
    door.post(b'{"code":3,"timestamp":"aisyah"}')
    ours = [record for record in caplog.records if record.name.startswith("cloud.")]
    logged = str([(record.getMessage(), record.__dict__) for record in ours])
    assert "a push is refused" in logged
    for secret in (door.url.rpartition("/")[2], door.bench.sandbox.partner_key, ORDER, "aisyah"):
        assert secret not in logged
