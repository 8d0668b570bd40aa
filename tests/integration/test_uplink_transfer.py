"""The uplink and a real broker: photos and proofs arrive, once and whole, whatever breaks."""

import hashlib
from dataclasses import replace

import pytest

from edge.events import AdviceCame, LinkChanged, ProgressCame
from tests.fixtures_mosquitto import MakeMosquitto
from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Limits, Mosquitto
from tests.support.uplink_table import ADDRESS, DEVICE, QUICK, UplinkTable, credentials, jpeg
from tests.support.websocket_front import WebSocketFront
from wire.messages import (
    Advice,
    AdviceKind,
    DispatchState,
    PhotoResult,
    PresenceState,
    Progress,
    ProofResult,
)
from wire.topics import Address, Down


def table_at(broker: Mosquitto, **changes: object) -> UplinkTable:
    settings = replace(QUICK, **changes)  # type: ignore[arg-type]  # names are checked at run time
    return UplinkTable(credentials(broker.port, broker.users[DEVICE]), settings)


@pytest.fixture
def table(mosquitto: Mosquitto) -> UplinkTable:
    return table_at(mosquitto)


def test_a_proof_arrives_whole_and_is_receipted(mosquitto: Mosquitto, table: UplinkTable) -> None:
    """U-13."""
    with FakeCloud(mosquitto) as cloud, table:
        photos = [table.queue.take_photo(number) for number in range(3)]
        proof = table.queue.close_proof(1, *photos)
        table.wait_receipted(proof)
        assert {sha: cloud.photos[sha] for sha in photos} == table.queue.photos
        assert sorted(table.queue.receipted_photos) == sorted(photos)
        assert cloud.manifests == [(proof, 1)]


def test_photos_travel_before_the_proof_is_closed(mosquitto: Mosquitto, table: UplinkTable) -> None:
    with FakeCloud(mosquitto) as cloud, table:
        photo = table.queue.take_photo(1)
        table.wait_for(lambda t: t.queue.receipted_photos == [photo])
        assert not cloud.manifests


def test_each_slice_goes_out_once_and_in_order(mosquitto: Mosquitto, table: UplinkTable) -> None:
    first, second = table.queue.take_photo(1), table.queue.take_photo(2, 9_000)
    proof = table.queue.close_proof(1, first, second)
    with FakeCloud(mosquitto) as cloud, table:
        table.wait_receipted(proof)
        assert cloud.slices == [
            *((first, (start, min(start + 4096, 20_000))) for start in range(0, 20_000, 4096)),
            *((second, (start, min(start + 4096, 9_000))) for start in range(0, 9_000, 4096)),
        ]
        kinds = [entry.split(":")[0] for entry in cloud.order if not entry.startswith("health")]
        assert kinds == ["presence", "inventory", *["photo"] * 8, "proof"]


def test_a_manifest_follows_its_photos(mosquitto: Mosquitto, table: UplinkTable) -> None:
    with FakeCloud(mosquitto) as cloud:
        for number in range(4):
            photo = table.queue.take_photo(number, 5_000)
            table.queue.close_proof(number + 1, photo)
        with table:
            table.wait_for(lambda t: len(t.queue.receipted_proofs) == 4)
        assert [proof for proof, _ in cloud.manifests] == [f"{n:032x}" for n in (1, 2, 3, 4)]
        assert len(cloud.manifests) == len(set(cloud.manifests))


def test_a_puback_is_no_receipt(mosquitto: Mosquitto, table: UplinkTable) -> None:
    with FakeCloud(mosquitto) as cloud:
        cloud.answering = False
        photo = table.queue.take_photo(1)
        with table:
            cloud.wait_for(lambda c: photo in c.photos)
            cloud.wait_for(lambda c: len(c.inventories) >= 2)  # it asks instead of believing
            assert table.queue.receipted_photos == []
            cloud.answering = True
            table.wait_for(lambda t: t.queue.receipted_photos == [photo])
        assert len(cloud.slices) == 5


def test_no_more_than_four_photos_wait_for_receipts(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    with FakeCloud(mosquitto) as cloud:
        cloud.answering = False
        photos = [table.queue.take_photo(number) for number in range(6)]
        with table:
            cloud.wait_for(lambda c: len(c.inventories) >= 3)
            assert sorted(cloud.photos) == sorted(photos[:4])
            cloud.answering = True
            table.wait_for(lambda t: set(t.queue.receipted_photos) == set(photos))


def test_a_photo_is_resumed_at_its_missing_ranges_after_a_broken_line(
    make_mosquitto: MakeMosquitto,
) -> None:
    broker = make_mosquitto()
    photo = hashlib.sha256(jpeg(1)).hexdigest()
    with FakeCloud(broker) as cloud:
        cloud.open[photo] = (
            bytearray(jpeg(1)[:12288]) + bytearray(7712),
            [(0, 4096), (8192, 12288)],
        )
        table = table_at(broker)
        table.queue.take_photo(1)
        with table:
            table.wait_for(lambda t: t.queue.receipted_photos == [photo])
        assert cloud.slices == [
            (photo, (4096, 8192)),
            (photo, (12288, 16384)),
            (photo, (16384, 20_000)),
        ]


@pytest.mark.parametrize("kill", [False, True])
def test_a_broker_restarted_in_the_middle_of_a_photo(
    make_mosquitto: MakeMosquitto, kill: bool
) -> None:
    broker = make_mosquitto()
    size = 2_000_000
    with FakeCloud(broker) as cloud:
        table = table_at(broker)
        photo = table.queue.take_photo(1, size)
        proof = table.queue.close_proof(1, photo)
        with table:
            cloud.wait_for(lambda c: len(c.slices) > 20)
            cloud.expect_reconnect()
            broker.restart(kill=kill)
            cloud.wait_subscribed()
            table.wait_receipted(proof)
        assert cloud.photos[photo] == jpeg(1, size)
        sent_bytes = sum(end - start for _, (start, end) in cloud.slices)
        assert sent_bytes < size + 4 * 4096  # only what was under way went out again
    links = [event.connected for event in table.events if isinstance(event, LinkChanged)]
    assert links[:3] == [True, False, True]


def test_what_was_taken_while_offline_is_not_doubled(make_mosquitto: MakeMosquitto) -> None:
    broker = make_mosquitto()
    table = table_at(broker)
    with FakeCloud(broker) as cloud, table:
        table.wait_for(lambda t: t.events)
        cloud.expect_reconnect()
        broker.stop()
        table.wait_for(lambda t: len(t.events) >= 2)
        proof = table.queue.close_proof(1, table.queue.take_photo(1), table.queue.take_photo(2))
        broker.start()
        cloud.wait_subscribed()
        table.wait_receipted(proof)
        assert len(cloud.slices) == len(set(cloud.slices)) == 10
        assert cloud.manifests == [(proof, 1)]


def test_a_photo_that_arrived_wrong_is_sent_again_from_the_disk(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    wrong = [PhotoResult.WRONG_HASH]
    with FakeCloud(mosquitto) as cloud, table:
        cloud.photo_result = lambda _sha: wrong.pop() if wrong else None
        photo = table.queue.take_photo(1)
        table.wait_for(lambda t: t.queue.receipted_photos == [photo])
        assert table.queue.reads == [photo, photo]


def test_a_refused_photo_is_set_aside_and_the_rest_goes_on(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    with FakeCloud(mosquitto) as cloud, table:
        bad = table.queue.take_photo(1)
        cloud.photo_result = lambda sha: PhotoResult.REFUSED if sha == bad else None
        good = table.queue.take_photo(2)
        table.wait_for(lambda t: t.queue.receipted_photos == [good])
        cloud.wait_for(lambda c: faults_of(c, bad[:8]))
        assert sum(sha == bad for sha, _ in cloud.slices) == 5


def test_a_damaged_photo_is_lost_and_its_proof_is_still_told(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    bad, good = table.queue.take_photo(1), table.queue.take_photo(2)
    table.queue.damaged.add(bad)
    proof = table.queue.close_proof(1, bad, good)
    with FakeCloud(mosquitto) as cloud, table:
        table.wait_for(lambda t: t.queue.receipted_photos == [good])
        table.wait_for(lambda t: (proof, 1, (bad,)) in t.queue.missing)
        assert set(table.queue.lost) == {bad}
        assert cloud.manifests[0] == (proof, 1)


def test_a_photo_that_cannot_be_read_holds_up_no_other_proof(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    bad = table.queue.take_photo(1)
    table.queue.unreadable.add(bad)
    table.queue.close_proof(1, bad)
    proof = table.queue.close_proof(2, table.queue.take_photo(2))
    with FakeCloud(mosquitto) as cloud, table:
        table.wait_receipted(proof)
        cloud.wait_for(lambda c: faults_of(c, "Input/output error"))
        assert bad not in table.queue.lost


def test_after_a_long_break_proofs_go_out_in_their_order(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    """U-16: with more photos than the table looks at in one go."""
    proofs = [
        table.queue.close_proof(number, *_photos(table, 3 * number)) for number in range(1, 76)
    ]
    with FakeCloud(mosquitto) as cloud, table:
        table.wait_receipted(*proofs)
        assert cloud.manifests == [(proof, 1) for proof in proofs]


def test_photos_that_the_cloud_misses_are_sent_again(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    """The cloud lost a photo it had receipted; the table still holds it."""
    with FakeCloud(mosquitto) as cloud, table:
        photo = table.queue.take_photo(1)
        table.wait_for(lambda t: t.queue.receipted_photos == [photo])
        with cloud.lock:
            del cloud.photos[photo]
        proof = table.queue.close_proof(1, photo)
        table.wait_receipted(proof)
        assert photo in cloud.photos


def test_a_refused_proof_is_reported_and_not_repeated(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    with FakeCloud(mosquitto) as cloud, table:
        cloud.proof_result = lambda _proof: ProofResult.CONFLICT
        proof = table.queue.close_proof(1, table.queue.take_photo(1))
        table.wait_for(lambda t: t.queue.refused_proofs == [(proof, 1, "conflict")])
        assert cloud.manifests == [(proof, 1)]


def test_a_manifest_without_answer_is_repeated_byte_for_byte(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    with FakeCloud(mosquitto) as cloud, table:
        photo = table.queue.take_photo(1)
        table.wait_for(lambda t: t.queue.receipted_photos == [photo])
        cloud.answering = False
        proof = table.queue.close_proof(1, photo)
        cloud.wait_for(lambda c: len(c.manifests) >= 2)
        cloud.answering = True
        table.wait_receipted(proof)
        digest = hashlib.sha256(table.queue.manifests[proof, 1].raw).hexdigest()
        assert cloud.proofs == {(proof, 1): digest}


def test_a_scanned_code_is_looked_up(mosquitto: Mosquitto, table: UplinkTable) -> None:
    with FakeCloud(mosquitto) as cloud, table:
        table.uplink.lookup("250301ABCDEF", "scan-1")
        table.wait_for(lambda t: any(isinstance(event, AdviceCame) for event in t.events))
        advice = next(event.advice for event in table.events if isinstance(event, AdviceCame))
        assert (advice.correlation, advice.kind) == ("scan-1", AdviceKind.CANCELLED)
        assert [it.code for it in cloud.lookups] == ["250301ABCDEF"]


def test_progress_reaches_the_loop_and_the_journal(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    proof = f"{1:032x}"
    with FakeCloud(mosquitto) as cloud, table:
        cloud.wait_for(lambda c: c.inventories)
        at = table.uplink._clock.now().wall
        progress = Progress(proof_id=proof, state=DispatchState.SENT, reason="", at=at)
        cloud.say_raw(ADDRESS.down(Down.PROGRESS), b"{not json")
        cloud.say_raw(ADDRESS.down(Down.PROGRESS), b'{"version": 99}')
        cloud.say(ADDRESS, Down.PROGRESS, progress)
        table.wait_for(lambda t: t.queue.progress == [(proof, DispatchState.SENT, "")])
        came = [event for event in table.events if isinstance(event, ProgressCame)]
        assert [(event.proof_id, event.state) for event in came] == [(proof, DispatchState.SENT)]


def test_presence_health_and_farewell_are_told(mosquitto: Mosquitto, table: UplinkTable) -> None:
    """U-21."""
    with FakeCloud(mosquitto) as cloud:
        with table:
            cloud.wait_for(lambda c: c.healths)
            table.health = table.health.model_copy(update={"sign": "refused"})
            table.uplink.health_changed()
            cloud.wait_for(lambda c: c.healths[-1].sign == "refused")
        cloud.wait_for(lambda c: len(c.presences) == 2)
        states = [(it.state, it.boot_count, it.connection) for it in cloud.presences]
        assert states == [(PresenceState.ONLINE, 3, 1), (PresenceState.STOPPED, 3, 1)]


def test_a_device_taken_over_leaves_its_will_and_comes_back(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    """Two devices with one id. (Mosquitto 2.0.11 ends the older connection without a reason.)"""
    twin = UplinkTable(credentials(mosquitto.port, mosquitto.users[DEVICE]), boot_count=9)
    with FakeCloud(mosquitto) as cloud, table:
        table.wait_for(lambda t: t.events)
        with twin:
            cloud.wait_for(lambda c: any(it.state is PresenceState.OFFLINE for it in c.presences))
        will = next(it for it in cloud.presences if it.state is PresenceState.OFFLINE)
        assert will.boot_count in {3, 9}
        proof = table.queue.close_proof(1, table.queue.take_photo(1))
        table.wait_receipted(proof)


def test_a_device_cannot_speak_or_listen_for_another(
    mosquitto: Mosquitto, table: UplinkTable
) -> None:
    """U-19. The broker's access list holds, whatever a device tries."""
    thief = credentials(mosquitto.port, mosquitto.users[DEVICE], device="table-02")
    with FakeCloud(mosquitto) as cloud, table, UplinkTable(thief) as other:
        table.wait_receipted(table.queue.close_proof(1, table.queue.take_photo(1)))
        cloud.say(Address(7, "table-02"), Down.ADVICE, _advice())
        table.uplink.lookup("X", "last")
        table.wait_for(lambda t: any(isinstance(event, AdviceCame) for event in t.events))
        assert other.events == []
        assert len({it.boot_count for it in cloud.presences}) == 1


def test_the_packet_limit_of_the_broker_is_obeyed(make_mosquitto: MakeMosquitto) -> None:
    broker = make_mosquitto(limits=Limits(max_packet_size=3000))
    table = table_at(broker)
    photos = [table.queue.take_photo(number, 5000) for number in range(20)]
    proof = table.queue.close_proof(1, *photos[:3])
    with FakeCloud(broker) as cloud, table:
        table.wait_receipted(proof)
        table.wait_for(lambda t: len(t.queue.receipted_photos) == 20)
        assert max(end - start for _, (start, end) in cloud.slices) == 3000 - 512
        assert len(cloud.inventories) > 1  # the inventory was cut as well
        assert not any(it.state is PresenceState.OFFLINE for it in cloud.presences)


def test_a_size_limit_that_the_broker_does_not_announce(make_mosquitto: MakeMosquitto) -> None:
    """edge-hardware 5.1, 9: mosquitto's message_size_limit answers PUBACK 0x95."""
    broker = make_mosquitto(limits=Limits(message_size_limit=3000))
    table = table_at(broker)
    with FakeCloud(broker) as cloud, table:
        proof = table.queue.close_proof(1, table.queue.take_photo(1))
        table.wait_receipted(proof)
        assert max(end - start for _, (start, end) in cloud.slices) <= 3000


def test_over_websockets(mosquitto: Mosquitto) -> None:
    with WebSocketFront(mosquitto.host, mosquitto.port) as front, FakeCloud(mosquitto) as cloud:
        who = credentials(front.port, mosquitto.users[DEVICE], transport="websockets")
        with UplinkTable(who) as table:
            photo = table.queue.take_photo(1, 300_000)
            table.wait_receipted(table.queue.close_proof(1, photo))
        assert cloud.photos[photo] == jpeg(1, 300_000)


def _photos(table: UplinkTable, first: int) -> list[str]:
    return [table.queue.take_photo(number, 100) for number in range(first, first + 3)]


def faults_of(cloud: FakeCloud, words: str) -> list[str]:
    return [fault for health in cloud.healths for fault in health.faults if words in fault]


def _advice() -> Advice:
    return Advice(code="X", correlation="stolen", kind=AdviceKind.KNOWN)
