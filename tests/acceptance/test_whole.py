"""All programs for real: what the table photographed is what the buyer sees."""

from collections.abc import Iterator

import pytest

from launcher.errors import NotAsPromised
from launcher.evidence import TablePhoto, photos_of
from launcher.whole import Whole
from tests.support.labelled_pictures import packed
from tests.support.waiting import eventually
from tests.support.whole import (
    fast_plan,
    pack,
    require_chat,
    running,
    sent_proofs,
    wait_sent_sign,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with running(fast_plan(tmp_path_factory.mktemp("whole"))) as everything:
        yield everything


def test_the_buyer_has_the_preset_text_and_every_photo_once(whole: Whole) -> None:
    """S0-31, S0-35: text and photos arrive, and the table says so only then."""
    order = whole.marketplace.plant_order("TEST")
    place = whole.table.lights.count
    pack(whole, order.number)
    sign = wait_sent_sign(whole, order.number, place)
    assert "Image Sent to Customer's Chat" in sign.text
    assert len(photos_of(whole.plan.folder.spool, order.number)) == 3
    require_chat(whole, order)


def test_the_comparison_sees_a_photo_that_is_missing_or_strange(whole: Whole) -> None:
    order = whole.marketplace.plant_order("TEST")
    place = whole.table.lights.count
    pack(whole, order.number, photos=2)
    wait_sent_sign(whole, order.number, place)
    photos = photos_of(whole.plan.folder.spool, order.number)
    stranger = TablePhoto(packed(order.number))
    with pytest.raises(NotAsPromised, match="1 photos missing"):
        require_chat(whole, order, [*photos, stranger])
    with pytest.raises(NotAsPromised, match="1 photos twice or not of this order"):
        require_chat(whole, order, photos[:1])


def test_a_tracking_number_finds_its_order(whole: Whole) -> None:
    """Orders are read once a minute, so the order comes first and the cloud starts after it."""
    order = whole.marketplace.plant_order("TEST", parcels=2)
    whole.cloud.program.stop(20)
    whole.cloud.start(60)
    place = whole.table.lights.count
    pack(whole, order.tracking_numbers[1], photos=1)
    wait_sent_sign(whole, order.tracking_numbers[1], place)
    photos = photos_of(whole.plan.folder.spool, order.tracking_numbers[1])
    assert len(photos) == 1
    require_chat(whole, order, photos)


def test_with_the_network_cut_an_order_waits_and_arrives_once(whole: Whole) -> None:
    order = whole.marketplace.plant_order("TEST")
    place = whole.table.lights.count
    whole.network.cut()
    pack(whole, order.number)
    assert "waiting" in whole.table.fate(order.number)
    assert whole.marketplace.chat(order.buyer_id).texts == ()
    whole.network.connect()
    wait_sent_sign(whole, order.number, place)
    require_chat(whole, order)


def test_a_network_that_breaks_again_and_again_sends_once(whole: Whole) -> None:
    order = whole.marketplace.plant_order("TEST")
    place = whole.table.lights.count
    pack(whole, order.number)
    for _ in range(3):
        whole.network.cut()
        whole.network.connect()
    wait_sent_sign(whole, order.number, place)
    require_chat(whole, order)


def test_what_was_sent_is_said_to_be_sent_in_the_tables_own_list(whole: Whole) -> None:
    order = whole.marketplace.plant_order("TEST")
    pack(whole, order.number, photos=1)
    eventually(
        lambda: any(one.code == order.number and one.receipted for one in sent_proofs(whole))
    )
    eventually(lambda: "send, sent" in whole.table.fate(order.number))
