"""The S3 store against a real server that fails in every way that could lose or spoil a photo.

Invariant 4: a receipt is sent only for what is durable; "already there" counts only when verified.
"""

import hashlib
import os
import ssl
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.photos.errors import (
    PermanentPhotoStoreError,
    PhotoStoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
    TransientPhotoStoreError,
)
from cloud.photos.s3 import S3PhotoStore
from tests.support.certificates import certificate
from tests.support.mosquitto import free_port
from tests.support.s3_faults import (
    Fault,
    S3Between,
    answer_lost,
    answered,
    create_only_ignored,
    cut_off,
    never_answered,
    passed_on,
    refused,
    spoilt,
    stalled,
)
from tests.support.s3_server import S3Server

PHOTO = b"\xff\xd8" + os.urandom(300_000) + b"\xff\xd9"
SHA = hashlib.sha256(PHOTO).hexdigest()

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def direct(s3_server: S3Server, bucket: str) -> S3PhotoStore:
    """A store on the same bucket that nothing disturbs."""
    return S3PhotoStore(s3_server.settings(bucket))


@pytest.fixture
def between(s3_server: S3Server) -> Iterator[S3Between]:
    with S3Between(s3_server.port) as between:
        yield between


@pytest.fixture
def store(s3_server: S3Server, bucket: str, between: S3Between) -> S3PhotoStore:
    """A store behind `between`, tried out already, and impatient."""
    store = S3PhotoStore(s3_server.settings(bucket, between.endpoint, deadline_s=2))
    store.check()
    between.requests.clear()
    return store


def calls(store: S3PhotoStore) -> list[Callable[[], object]]:
    return [
        store.check,
        lambda: store.put(1, SHA, PHOTO),
        lambda: store.read(1, SHA),
        lambda: store.exists_verified(1, SHA),
        lambda: store.delete(1, SHA),
        store.organisations,
        lambda: list(store.listing(1)),
    ]


# --- trouble that passes ------------------------------------------------------------------------


def test_server_that_is_down_is_called_out_of_reach(s3_server: S3Server, bucket: str) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    store = S3PhotoStore(s3_server.settings(bucket, endpoint, deadline_s=2))
    for call in calls(store):
        with pytest.raises(StoreUnavailable, match="cannot be reached") as failure:
            call()
        assert f"the bucket {bucket} at {endpoint}" in str(failure.value)


def test_short_trouble_is_not_noticed(store: S3PhotoStore, between: S3Between) -> None:
    between.then(refused(503, "SlowDown"), refused(500, "InternalError"))
    store.put(1, SHA, PHOTO)
    between.then(refused(503, "SlowDown"))
    assert store.read(1, SHA) == PHOTO


@pytest.mark.parametrize(
    ("fault", "expected", "words"),
    [
        (refused(500, "InternalError"), StoreUnavailable, "trouble"),
        (refused(503, "SlowDown"), StoreUnavailable, "too busy"),
        (answered(502, "Bad Gateway"), StoreUnavailable, "trouble"),
        (refused(429, "TooManyRequests"), StoreUnavailable, "too busy"),
        (never_answered, StoreUnavailable, "did not answer in time"),
        (refused(507, "XMinioStorageFull"), StoreFull, "make room"),
        (refused(403, "QuotaExceeded"), StoreFull, "make room"),
        (refused(403, "AccessDenied"), StoreUnusable, "read, write, delete and list"),
        (refused(403, "RequestTimeTooSkewed"), StoreUnusable, "set the clock"),
        (refused(403, "ExpiredToken"), StoreUnusable, "correct s3.access_key_id"),
        (refused(301, "PermanentRedirect"), StoreUnusable, "correct s3.region"),
        (refused(400, "AuthorizationHeaderMalformed"), StoreUnusable, "correct s3.region"),
        (refused(501, "NotImplemented"), StoreUnusable, "take another server"),
        (refused(400, "Whatever"), StoreUnusable, "refuses this request (400 Whatever)"),
        (answered(418, "teapot"), StoreUnusable, "refuses this request (418)"),
    ],
)
def test_lasting_trouble_is_transient_or_permanent_and_says_what_to_do(
    store: S3PhotoStore,
    between: S3Between,
    fault: Fault,
    expected: type[PhotoStoreError],
    words: str,
) -> None:
    between.usual = fault
    for call in (lambda: store.put(1, SHA, PHOTO), lambda: store.read(1, SHA)):
        with pytest.raises(expected) as failure:
            call()
        assert words in str(failure.value)
        assert between.endpoint in str(failure.value)
        told = "".join(traceback.format_exception(failure.value))
        assert "AK-REPEATED" not in told, "the server's text may hold keys"


def test_every_call_ends_by_its_deadline(store: S3PhotoStore, between: S3Between) -> None:
    """Without one, this test would hang until its own limit."""
    between.usual = never_answered
    for call in calls(store):
        with pytest.raises(StoreUnavailable, match="did not answer in time"):
            call()


def test_photo_that_stalls_half_way_is_not_waited_for(
    store: S3PhotoStore, between: S3Between, direct: S3PhotoStore
) -> None:
    direct.put(1, SHA, PHOTO)
    between.usual = stalled
    with pytest.raises(TransientPhotoStoreError):
        store.read(1, SHA)
    with pytest.raises(TransientPhotoStoreError):
        store.exists_verified(1, SHA)


def test_put_that_is_cut_off_stores_nothing_and_may_be_repeated(
    store: S3PhotoStore, between: S3Between, direct: S3PhotoStore
) -> None:
    between.usual = cut_off
    with pytest.raises(TransientPhotoStoreError):
        store.put(1, SHA, PHOTO)
    assert "PUT" in between.requests
    assert not direct.exists_verified(1, SHA)
    assert list(direct.listing(1)) == [], "a torn object would be seen here"
    between.then(cut_off)
    with pytest.raises(TransientPhotoStoreError):
        store.put(1, SHA, PHOTO)
    between.usual = passed_on
    store.put(1, SHA, PHOTO)
    assert direct.read(1, SHA) == PHOTO


def test_put_whose_answer_is_lost_is_verified_when_repeated(
    store: S3PhotoStore, between: S3Between, direct: S3PhotoStore
) -> None:
    between.usual = answer_lost
    with pytest.raises(TransientPhotoStoreError):
        store.put(1, SHA, PHOTO)
    assert direct.read(1, SHA) == PHOTO
    between.usual = passed_on
    between.requests.clear()
    store.put(1, SHA, PHOTO)
    assert between.requests == ["PUT", "GET"], "what is there is read, and not written again"


def test_damaged_object_does_not_count_as_there_and_is_replaced(
    s3_server: S3Server, bucket: str, store: S3PhotoStore, between: S3Between
) -> None:
    """As many bytes, and one of them another; the other organisation's is not touched."""
    wrong = PHOTO[:1000] + b"?" + PHOTO[1001:]
    s3_server.put_raw(bucket, f"1/{SHA}", wrong)
    s3_server.put_raw(bucket, f"2/{SHA}", wrong)
    assert not store.exists_verified(1, SHA)
    store.put(1, SHA, PHOTO)
    assert store.exists_verified(1, SHA)
    assert not store.exists_verified(2, SHA)


def test_server_that_spoils_what_it_stores_gives_no_receipt(
    s3_server: S3Server, bucket: str, store: S3PhotoStore, between: S3Between
) -> None:
    s3_server.put_raw(bucket, f"1/{SHA}", b"damaged")
    between.then(passed_on, spoilt, passed_on, spoilt)
    with pytest.raises(TransientPhotoStoreError, match="gives back other bytes than were put"):
        store.put(1, SHA, PHOTO)
    assert between.requests == ["PUT", "GET", "PUT", "GET"]


# --- what is wrong until somebody acts ----------------------------------------------------------


def test_wrong_credentials_and_missing_rights_are_told_apart(
    s3_server: S3Server, bucket: str
) -> None:
    settings = s3_server.settings(bucket)
    for wrong in (replace(settings, secret_access_key="x"), replace(settings, access_key_id="x")):
        for call in calls(S3PhotoStore(wrong)):
            with pytest.raises(StoreUnusable, match=r"correct s3\.access_key_id"):
                call()
    key, secret = s3_server.reader_keys
    reader = S3PhotoStore(replace(settings, access_key_id=key, secret_access_key=secret))
    with pytest.raises(StoreUnusable, match="its credentials need to"):
        reader.check()


def test_missing_bucket_is_named(s3_server: S3Server) -> None:
    """Also when reading: it must not look like a missing photo."""
    for call in calls(S3PhotoStore(s3_server.settings("nowhere"))):
        with pytest.raises(StoreUnusable, match=r"the bucket nowhere at .* does not exist"):
            call()


@pytest.mark.parametrize("fault", [create_only_ignored, refused(501, "NotImplemented")])
def test_server_without_create_only_puts_is_noticed_before_the_first_photo(
    s3_server: S3Server, bucket: str, between: S3Between, direct: S3PhotoStore, fault: Fault
) -> None:
    between.usual = fault
    store = S3PhotoStore(s3_server.settings(bucket, between.endpoint))
    for call in (store.check, lambda: store.put(1, SHA, PHOTO)):
        with pytest.raises(StoreUnusable, match="take another server") as failure:
            call()
        assert "\n" not in str(failure.value)
    assert direct.organisations() == []


def test_store_out_of_reach_at_the_start_is_tried_out_before_its_first_photo(
    s3_server: S3Server, bucket: str, between: S3Between
) -> None:
    between.usual = refused(503, "SlowDown")
    store = S3PhotoStore(s3_server.settings(bucket, between.endpoint, deadline_s=2))
    for call in (store.check, lambda: store.put(1, SHA, PHOTO)):
        with pytest.raises(StoreUnavailable):
            call()
    between.usual = create_only_ignored
    with pytest.raises(PermanentPhotoStoreError):
        store.put(1, SHA, PHOTO)
    between.usual = passed_on
    store.put(1, SHA, PHOTO)
    assert store.read(1, SHA) == PHOTO


def test_list_without_order_is_refused(store: S3PhotoStore, between: S3Between) -> None:
    """An audit that trusted it would call sound photos missing."""
    entries = "".join(
        f"<Contents><Key>1/{digit * 64}</Key><Size>1</Size><ETag>x</ETag>"
        "<LastModified>2026-03-01T10:00:00.000Z</LastModified></Contents>"
        for digit in "ab0"
    )
    page = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
    between.then(answered(200, page))
    with pytest.raises(StoreUnusable, match="in no order"):
        list(store.listing(1))


# --- how it connects ----------------------------------------------------------------------------


def test_certificate_must_be_trusted(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    own = certificate(tmp_path, datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    with S3Between(s3_server.port, context) as secure:
        settings = s3_server.settings(bucket, secure.endpoint)
        with pytest.raises(StoreUnusable, match=r"not trusted; set s3\.ca_file"):
            S3PhotoStore(settings).check()
        S3PhotoStore(replace(settings, ca_file=own.certificate)).check()


def test_ca_file_that_is_none_is_said_at_once(s3_server: S3Server, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for file in (tmp_path / "no.pem", tmp_path / "missing.pem"):
        with pytest.raises(StoreUnusable, match=r"s3\.ca_file"):
            S3PhotoStore(replace(s3_server.settings("photos"), ca_file=file)).check()


def test_variables_of_aws_change_nothing_that_is_set(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "other")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    S3PhotoStore(s3_server.settings(bucket)).check()


def test_without_keys_those_of_the_machine_are_taken(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(s3_server.settings(bucket), access_key_id="", secret_access_key="")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.keys[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.keys[1])
    S3PhotoStore(settings).check()


def test_prefix_keeps_to_its_folder(s3_server: S3Server, bucket: str, direct: S3PhotoStore) -> None:
    inside = S3PhotoStore(replace(s3_server.settings(bucket), prefix="shop/photos"))
    inside.put(1, SHA, PHOTO)
    assert [one.key.sha256 for one in inside.listing(1)] == [SHA]
    assert inside.organisations() == [1]
    assert direct.organisations() == []
    assert not direct.exists_verified(1, SHA)


def test_keys_are_in_no_text(s3_server: S3Server, bucket: str) -> None:
    """Invariant 9."""
    settings = s3_server.settings(bucket)
    shown = f"{settings!r}{settings}{S3PhotoStore(settings)!r}"
    assert bucket in shown
    assert not [key for key in s3_server.keys if key in shown]
