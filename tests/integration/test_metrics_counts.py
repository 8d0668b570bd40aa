"""Each count of the metrics moves with what it counts, and with nothing else (issue 3)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.photos.errors import StoreFull
from cloud.shops.service import Purpose
from sandbox.shopee import demo_seed
from tests.support.counted import since_now, value
from tests.support.dispatch_bench import Bench
from tests.support.link_table import jpeg, manifest
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import LinkSide, link_side
from tests.support.waiting import eventually
from wire.messages import Closing, PhotoResult
from wire.topics import PARTITIONS

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
PROOF = "1" * 32


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database) -> Iterator[LinkSide]:
    with link_side(mosquitto, database) as made:
        yield made


def test_what_a_table_sends_is_counted(side: LinkSide) -> None:
    stored = since_now("photos_stored_total")
    proofs = since_now("proofs_received_total", closing="send")
    photo_receipts = since_now("receipts_total", what="photo")
    proof_receipts = since_now("receipts_total", what="proof")
    sha256 = side.table.send_photo(jpeg(1))
    side.table.wait_photo(sha256)
    for _ in range(2):
        side.table.send_manifest(manifest(PROOF, [jpeg(1)]))
    side.table.wait_proof(PROOF, least=2)
    assert (stored(), photo_receipts()) == (1, 1)
    # The same manifest again is the same proof, and one more receipt.
    assert (proofs(), proof_receipts()) == (1, 2)


def test_a_proof_that_lacks_photos_is_neither_received_nor_receipted(side: LinkSide) -> None:
    proofs = since_now("proofs_received_total", closing="send")
    receipts = since_now("receipts_total", what="proof")
    side.table.send_manifest(manifest(PROOF, [jpeg(2)]))
    side.table.wait_proof(PROOF)
    side.table.send_manifest(manifest(PROOF, [], closing=Closing.CANCELLED))
    side.table.wait_proof(PROOF, least=2)
    assert (proofs(), receipts()) == (0, 1)


def test_a_store_that_fails_is_counted_by_its_error(side: LinkSide) -> None:
    errors = since_now("photo_store_errors_total", error="StoreFull")
    stored = since_now("photos_stored_total")
    side.store.fail_next(StoreFull("full"))
    sha256 = side.table.send_photo(jpeg(3))
    eventually(lambda: errors() == 1)
    # A repetition shares the end of what is still in work.
    side.table.wait_until_link_has_seen_all()
    side.table.send_photo(jpeg(3))
    assert side.table.wait_photo(sha256).result is PhotoResult.RECEIPTED
    assert (errors(), stored()) == (1, 1)


def test_the_link_shows_its_line_and_its_partitions(
    mosquitto: Mosquitto, database: Database
) -> None:
    with link_side(mosquitto, database):
        assert value("broker_connected") == 1
        assert value("partitions_held") == PARTITIONS
    assert (value("broker_connected"), value("partitions_held")) == (0, 0)


def test_writes_are_timed(database: Database) -> None:
    seconds = since_now("database_write_seconds_count")
    units = since_now("database_write_group_units_sum")
    database.write(lambda _session: None, system("test"))
    assert (seconds(), units()) == (1, 1)
    assert value("database_writes_waiting") == 0


def test_sent_messages_are_counted_and_their_dispatch_timed_once(bench: Bench) -> None:
    sent = since_now("messages_total", outcome="sent", reason="")
    whole = since_now("press_to_sent_seconds_count")
    seconds = since_now("press_to_sent_seconds_sum")
    asked = since_now("marketplace_requests_total", channel="shopee", result="ok")
    with bench.running():
        packed = bench.pack(ORDER, closed_at=utc_now() - timedelta(hours=1))
        bench.until(packed, DispatchState.SENT)
    assert (sent(), whole()) == (4, 1)
    assert 3600 <= seconds() < 7200
    # Four messages and three uploads, beside readings.
    assert asked() >= 7


def test_refusals_are_counted_by_their_class(bench: Bench) -> None:
    refused = since_now("messages_total", outcome="refused", reason="window-closed")
    asked = since_now("marketplace_requests_total", channel="shopee", result="window-closed")
    whole = since_now("press_to_sent_seconds_count")
    bench.fault("error_body", error="user_is_forbidden")
    with bench.running():
        bench.until(bench.pack(ORDER), DispatchState.FAILED)
    assert (refused(), asked(), whole()) == (1, 1, 0)


def test_an_unanswered_message_is_unknown_and_then_found(bench: Bench) -> None:
    unknown = since_now("messages_total", outcome="unknown", reason="outage")
    found = since_now("messages_total", outcome="found", reason="")
    sent = since_now("messages_total", outcome="sent", reason="")
    whole = since_now("press_to_sent_seconds_count")
    asked = since_now("marketplace_requests_total", channel="shopee", result="unknown")
    bench.fault("drop_after", "text")
    with bench.running():
        bench.until(bench.pack(ORDER), DispatchState.SENT)
    assert (unknown(), asked(), found(), sent(), whole()) == (1, 1, 1, 3, 1)


def test_refreshed_tokens_are_counted(bench: Bench) -> None:
    refreshed = since_now("token_refreshes_total", channel="shopee", result="refreshed")
    bench.change_authorization(Purpose.CHAT, access_expires_at=utc_now())
    bench.gateway.line(bench.shop, Purpose.CHAT)
    bench.gateway.line(bench.shop, Purpose.CHAT)
    assert refreshed() == 1
