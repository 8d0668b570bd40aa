"""`packwitness-cloud serve` with its photos in S3, by settings alone (issue 3).

Invariant 4: a receipt comes only after the photo is stored.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cloud.photos.s3 import S3PhotoStore
from edge.uplink.enrolment import enroll
from tests.support.cloud_program import Cloud, Serving
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from tests.support.s3_server import S3Server
from tests.support.waiting import eventually
from wire.messages import PhotoResult, ProofResult
from wire.topics import Address

PHOTOS = [jpeg(1), jpeg(2)]
LATER = jpeg(3)
PROOF = hashlib.sha256(b"a proof").hexdigest()[:32]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[S3Server]:
    """A server that a test may stop."""
    server = S3Server(tmp_path / "s3")
    server.start()
    yield server
    server.stop()


def connected(cloud: Cloud) -> LinkTable:
    """A new table, enrolled, on the cloud's own broker."""
    made = json.loads(cloud.run("table", "create", "Table 1").stdout)
    given = enroll(cloud.url, made["claim_code"], hardware="test")
    address = Address(given.partition, given.device_id)
    return LinkTable(("127.0.0.1", cloud.broker_port), address, given.password.get_secret_value())


def photo_on_the_page(cloud: Cloud, serving: Serving, sha256: str) -> bytes:
    with httpx.Client(base_url=cloud.url, headers={"Origin": cloud.url}) as browser:
        form = {"email": "owner@localhost", "password": serving.password()}
        assert browser.post("/sign-in", data=form).status_code == 303
        return browser.get(f"/photos/{sha256}").raise_for_status().content


def test_photos_are_receipted_once_they_are_in_the_bucket(
    own_server: S3Server, tmp_path: Path
) -> None:
    bucket = own_server.make_bucket()
    store = S3PhotoStore(own_server.settings(bucket))
    cloud = Cloud(tmp_path / "cloud", own_server.environment(bucket))
    with cloud.serving() as serving, connected(cloud) as table:
        for photo in PHOTOS:
            table.send_photo(photo)
            assert table.wait_photo(sha_of(photo)).result is PhotoResult.RECEIPTED
            assert store.exists_verified(1, sha_of(photo))
        table.send_manifest(manifest(PROOF, PHOTOS))
        assert table.wait_proof(PROOF).result is ProofResult.RECEIPTED
        assert photo_on_the_page(cloud, serving, sha_of(PHOTOS[0])) == PHOTOS[0]

        own_server.stop()
        table.send_photo(LATER)
        log = tmp_path / "log"
        eventually(lambda: "a photo could not be stored" in log.read_text(), 60)
        assert table.photo_answers(sha_of(LATER)) == []

        own_server.start()
        # As a table does: what was not receipted is sent again.
        table.send_photo(LATER)
        assert table.wait_photo(sha_of(LATER)).result is PhotoResult.RECEIPTED
        assert store.read(1, sha_of(LATER)) == LATER
        assert "checked 3 photos, 3 stored: all well" in cloud.run("check").stdout
        assert serving.end() == 0
    assert not (cloud.folder / "photos").exists()
    assert not [key for key in own_server.keys if key in log.read_text()]


def test_bucket_that_cannot_be_used_is_one_line_at_the_start(
    s3_server: S3Server, tmp_path: Path
) -> None:
    cloud = Cloud(tmp_path / "cloud", s3_server.environment("nowhere"))
    refused = cloud.run("serve")
    assert refused.returncode == 2
    [line] = [text for text in refused.stderr.splitlines() if not text.startswith("{")]
    assert line.startswith("packwitness-cloud: the bucket nowhere at http://127.0.0.1:")
    assert "create the bucket, or correct s3.bucket" in line
    assert cloud.brokers() == []


def test_store_out_of_reach_does_not_keep_the_cloud_from_starting(
    own_server: S3Server, tmp_path: Path
) -> None:
    bucket = own_server.make_bucket()
    own_server.stop()
    cloud = Cloud(tmp_path / "cloud", own_server.environment(bucket))
    with cloud.serving() as serving, connected(cloud) as table:
        assert "photos cannot be stored now" in (tmp_path / "log").read_text()
        own_server.start()
        table.send_photo(LATER)
        assert table.wait_photo(sha_of(LATER)).result is PhotoResult.RECEIPTED
        assert serving.end() == 0
