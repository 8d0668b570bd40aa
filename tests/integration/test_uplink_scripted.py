"""The uplink and brokers that misbehave: each trap of edge-hardware 5.1 that concerns a table."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from edge.events import LinkChanged
from edge.uplink.settings import BackOff
from tests.fixtures_mosquitto import MakeMosquitto
from tests.support.certificates import certificate
from tests.support.scripted_broker import (
    Peer,
    Publish,
    ScriptedBroker,
    maximum_packet_size,
    maximum_qos,
    receive_maximum,
    take,
)
from tests.support.uplink_table import ADDRESS, DEVICE, QUICK, UplinkTable, credentials
from tests.support.waiting import eventually
from wire.messages import Presence, PresenceState
from wire.topics import Down, Up


@pytest.fixture
def broker() -> Iterator[ScriptedBroker]:
    with ScriptedBroker() as running:
        yield running


def table_at(broker: ScriptedBroker, **changes: object) -> UplinkTable:
    settings = replace(QUICK, **changes)  # type: ignore[arg-type]  # names are checked at run time
    return UplinkTable(credentials(broker.port, "secret"), settings)


def photo_slices(broker: ScriptedBroker) -> list[Publish]:
    return broker.of_kind("photo")


def test_every_connect_starts_clean_with_will_and_long_keepalive(broker: ScriptedBroker) -> None:
    with table_at(broker) as table:
        for number in (1, 2, 3):
            eventually(partial(born, broker, number))
            broker.peers[-1].reset()
        table.wait_for(lambda t: len(t.events) >= 6)
    assert len(broker.connects) >= 3
    assert all(connect.clean_start for connect in broker.connects)
    assert all(b"\x11" not in connect.properties[:1] for connect in broker.connects)
    assert {connect.client_id for connect in broker.connects} == {DEVICE}
    assert {connect.keepalive_s for connect in broker.connects} == {60}
    wills = [Presence.from_bytes(connect.will_payload or b"") for connect in broker.connects]
    assert {connect.will_topic for connect in broker.connects} == {ADDRESS.up(Up.PRESENCE)}
    assert [it.connection for it in wills] == list(range(1, len(wills) + 1))
    assert {(it.state, it.boot_count) for it in wills} == {(PresenceState.OFFLINE, 3)}


def test_a_session_that_the_broker_resumes_unasked_is_not_relied_on(broker: ScriptedBroker) -> None:
    broker.session_present = True
    with table_at(broker):
        broker.wait_for(lambda b: b.of_kind("inventory"))
        broker.peers[-1].reset()
        broker.wait_for(lambda b: len(b.of_kind("inventory")) == 2)


@pytest.mark.parametrize(("announced", "most"), [(1, 1), (2, 2), (50, 2)])
def test_never_more_under_way_than_the_receive_maximum_or_two(
    broker: ScriptedBroker, announced: int, most: int
) -> None:
    broker.connack_properties = receive_maximum(announced)
    withheld: list[tuple[Peer, int]] = []
    seen: list[int] = []

    def hold_back(peer: Peer, packet: Publish) -> None:
        withheld.append((peer, packet.packet_id))
        seen.append(len(withheld))
        if len(withheld) == most:
            # answered only when the client has handed over all that it would
            threading.Timer(0.02, release).start()

    def release() -> None:
        waiting, withheld[:] = list(withheld), []
        for peer, packet_id in waiting:
            peer.puback(packet_id)

    broker.on_publish = hold_back
    table = table_at(broker)
    table.queue.take_photo(1)
    with table:
        broker.wait_for(lambda b: len(photo_slices(b)) == 5)
        broker.on_publish = take
        release()
    assert max(seen) == most


def test_no_packet_exceeds_the_announced_size(broker: ScriptedBroker) -> None:
    broker.connack_properties = maximum_packet_size(2000)
    table = table_at(broker)
    for number in range(20):
        table.queue.take_photo(number, 5_000)
    with table:
        broker.wait_for(lambda b: len(photo_slices(b)) >= 12)
    assert max(packet.packet_bytes for packet in broker.published) <= 2000


def test_a_report_larger_than_the_limit_is_left_out(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.connack_properties = maximum_packet_size(2000)
    table = table_at(broker)
    table.health = table.health.model_copy(update={"faults": ["x" * 100] * 20})
    photo = table.queue.take_photo(1)
    with table:
        eventually(partial(all_received, broker, photo))
        assert "health is left out" in caplog.text
        assert broker.of_kind("health") == []
    assert len(broker.connects) == 1


def test_a_packet_limit_too_small_for_photos_is_said(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.connack_properties = maximum_packet_size(600)
    with table_at(broker) as table:
        table.wait_for(lambda _: "packets of 600 bytes" in caplog.text)


def test_a_broker_without_qos_1_gets_qos_0(broker: ScriptedBroker) -> None:
    broker.connack_properties = maximum_qos(0)
    table = table_at(broker)
    table.queue.take_photo(1)
    with table:
        broker.wait_for(lambda b: len(photo_slices(b)) == 5)
    assert {packet.qos for packet in broker.published} == {0}


@pytest.mark.parametrize("ending", ["reset", "too large", "close"])
def test_a_poison_packet_is_set_aside_and_the_rest_goes_on(
    broker: ScriptedBroker, ending: str
) -> None:
    """edge-hardware 5.1, 9."""
    table = table_at(broker)
    poison = table.queue.take_photo(1)
    good = [table.queue.take_photo(number) for number in (2, 3)]

    def refuse_poison(peer: Peer, packet: Publish) -> None:
        if f"/{poison}/8192" not in packet.topic:
            take(peer, packet)
        elif ending == "reset":
            peer.reset()
        elif ending == "close":
            peer.close()
        else:
            peer.disconnect(0x95)

    broker.on_publish = refuse_poison
    with table:
        for photo in good:
            eventually(partial(all_received, broker, photo))
        broker.wait_for(lambda b: any(b"set aside" in it.payload for it in b.of_kind("health")))
        losses = [event for event in table.events if event == lost_like(event)]
        assert len(losses) == QUICK.transfer.poison_strikes
    sizes = [len(it.payload) for it in photo_slices(broker) if f"/{poison}/8192" in it.topic]
    assert sizes == [4096, 2048, 1024, 1024]  # smaller each time, then no more


@pytest.mark.parametrize(
    ("code", "connects"),
    # MQTT 5 knows no 0x95 in a PUBACK, so paho ends the connection over mosquitto's
    [(0x95, 5), (0x99, 1), (0x87, 1)],
)
def test_a_packet_refused_by_puback_is_set_aside(
    broker: ScriptedBroker, code: int, connects: int
) -> None:
    table = table_at(broker)
    bad, good = table.queue.take_photo(1), table.queue.take_photo(2)

    def refuse(peer: Peer, packet: Publish) -> None:
        peer.puback(packet.packet_id, code if bad in packet.topic else 0)

    broker.on_publish = refuse
    with table:
        broker.wait_for(lambda b: received(b, good) == 20_000)
        broker.wait_for(lambda b: any(b"set aside" in it.payload for it in b.of_kind("health")))
    assert len(broker.connects) == connects


@pytest.mark.parametrize("code", [0x10, 0x97, 0x83])
def test_a_puback_that_means_later_is_tried_later(broker: ScriptedBroker, code: int) -> None:
    """No subscribers, quota exceeded, implementation specific error."""
    refusals = Counter[str]()

    def refuse_twice(peer: Peer, packet: Publish) -> None:
        if "/photo/" in packet.topic and refusals[packet.topic] < 2:
            refusals[packet.topic] += 1
            peer.puback(packet.packet_id, code)
        else:
            take(peer, packet)

    broker.on_publish = refuse_twice
    table = table_at(broker)
    photo = table.queue.take_photo(1)
    with table:
        broker.wait_for(lambda b: received(b, photo) == 3 * 20_000)
        assert not any(b"set aside" in it.payload for it in broker.of_kind("health"))


def test_a_broker_that_acknowledges_nothing_is_left(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.on_publish = lambda _peer, _packet: None
    with table_at(broker, puback_timeout_s=0.1):
        broker.wait_for(lambda b: len(b.connects) >= 2)
    assert "acknowledges nothing" in caplog.text
    assert broker.goodbyes[0][:1] == b"\x04"  # so that the will is told


def test_a_broker_that_does_not_answer_connect_is_left(broker: ScriptedBroker) -> None:
    broker.answers_connect = False
    with table_at(broker, connect_timeout_s=0.1):
        broker.wait_for(lambda b: len(b.connects) >= 2)


@pytest.mark.parametrize(
    ("field", "code", "words"),
    [
        ("connack_code", 0x87, "not authorized (0x87)"),
        ("connack_code", 0x86, "bad user name or password (0x86)"),
        ("connack_code", 0x97, "quota exceeded (0x97)"),
        ("suback_code", 0x87, "not authorized (0x87)"),
    ],
)
def test_a_refusal_is_named_said_once_and_tried_again(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture, field: str, code: int, words: str
) -> None:
    setattr(broker, field, code)
    with table_at(broker) as table:
        broker.wait_for(lambda b: len(b.connects) >= 3)
        assert caplog.text.count(words) == 1
        setattr(broker, field, 0)
        table.wait_for(lambda t: t.events)


def test_a_table_that_loses_its_right_to_publish_does_not_try_one_photo_after_the_other(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """The list is changed under a standing connection: a photo meets it first."""
    table = table_at(broker, refused=BackOff(first_s=3600, longest_s=3600))
    with table:
        broker.wait_for(lambda b: b.of_kind("health"))
        table.wait_for(lambda t: not t.uplink._around.control_strikes)
        broker.on_publish = lambda peer, packet: peer.puback(packet.packet_id, 0x87)
        for number in range(10):
            table.queue.take_photo(number)
        table.wait_for(lambda _: "publishing is refused" in caplog.text)
        table.wait_for(lambda t: len(t.events) == 2)
        assert len(table.uplink._around.transfer.set_aside) < 10
        assert table.uplink.alive()
    assert len(broker.connects) == 1


def test_a_takeover_is_named_and_backed_off(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """0x8E: hurrying back would only throw the other one out. No packet gets the blame."""
    slow = BackOff(first_s=3600, longest_s=3600)
    photo = ""

    def take_over(peer: Peer, packet: Publish) -> None:
        peer.disconnect(0x8E) if "/photo/" in packet.topic else take(peer, packet)

    broker.on_publish = take_over
    table = table_at(broker, refused=slow)
    photo = table.queue.take_photo(1)
    with table:
        table.wait_for(lambda t: len(t.events) == 2)
        table.wait_for(lambda _: "session taken over by another connection" in caplog.text)
        assert table.uplink.alive()
    assert len(broker.connects) == 1
    assert table.uplink._around.transfer._suspects.is_suspect(f"{photo}/0") is False


def test_malformed_packets_do_not_end_the_uplink(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """edge-hardware 5.1, 7: an exception in a callback must not be the end."""
    with table_at(broker) as table:
        table.wait_for(lambda t: t.events)
        peer = broker.peers[-1]
        peer.publish(b"\xff\xfe not UTF-8", b"x")
        peer.publish(ADDRESS.down(Down.ANSWER).encode(), b"\xff\x00 no JSON")
        peer.publish(b"some/other/topic", b"{}")
        table.wait_for(lambda _: "is no topic" in caplog.text or "not below" in caplog.text)
        assert "could not be handled" in caplog.text
        assert table.uplink.alive()
        peer.send(0xF0, b"")  # AUTH, which nobody asked for
        broker.wait_for(lambda b: len(b.of_kind("presence")) == 2)


def test_nothing_is_published_before_the_subscription_stands(broker: ScriptedBroker) -> None:
    """Else the answer to the inventory could be missed."""
    published_before: list[int] = []
    broker.on_subscribe = lambda _peer: published_before.append(len(broker.published))
    with table_at(broker) as table:
        table.wait_for(lambda t: t.events)
    assert published_before == [0]


def test_an_unreachable_broker_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with UplinkTable(credentials(port, "secret"), QUICK) as table:
        table.wait_for(lambda t: t.uplink._connections >= 3)
        assert table.uplink.alive()
        assert table.events == []
    assert caplog.text.count("no connection") == 1


def test_lookups_too_old_are_not_asked(broker: ScriptedBroker) -> None:
    table = table_at(broker, lookup_age_s=-1.0)
    table.uplink.lookup("250301ABCDEF", "scan-1")
    with table:
        broker.wait_for(lambda b: b.of_kind("health"))
    assert broker.of_kind("lookup") == []


# --- TLS ----------------------------------------------------------------------------------------


def test_over_tls_with_a_private_authority(make_mosquitto: MakeMosquitto, tmp_path: Path) -> None:
    tls = certificate(tmp_path, datetime.now(UTC) - timedelta(days=1))
    broker = make_mosquitto(tls=tls)
    who = credentials(broker.port, broker.users[DEVICE], host="localhost", tls=True)
    with UplinkTable(who, replace(QUICK, ca_file=tls.certificate)) as table:
        table.queue.take_photo(1, 500_000)
        table.wait_for(lambda t: t.events)
        assert isinstance(table.events[0], LinkChanged)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # paho leaves a failed handshake's socket
@pytest.mark.parametrize(
    ("starts_in", "trusted", "words"),
    [
        (timedelta(days=1), True, "not valid yet"),
        (timedelta(days=-1), False, "certificate refused"),
    ],
)
def test_a_certificate_that_does_not_hold_is_said_and_tried_again(
    make_mosquitto: MakeMosquitto,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    starts_in: timedelta,
    trusted: bool,
    words: str,
) -> None:
    tls = certificate(tmp_path, datetime.now(UTC) + starts_in)
    broker = make_mosquitto(tls=tls)
    who = credentials(broker.port, broker.users[DEVICE], host="localhost", tls=True)
    settings = replace(QUICK, ca_file=tls.certificate if trusted else None)
    with UplinkTable(who, settings) as table:
        table.wait_for(lambda t: t.uplink._connections >= 3)
    assert caplog.text.count(words) == 1


def born(broker: ScriptedBroker, times: int) -> bool:
    return len(broker.of_kind("presence")) == times


def all_received(broker: ScriptedBroker, photo: str) -> bool:
    return received(broker, photo) == 20_000


def received(broker: ScriptedBroker, photo: str) -> int:
    """Bytes of a photo published so far, repetitions counted."""
    return sum(len(it.payload) for it in photo_slices(broker) if photo in it.topic)


def lost_like(event: object) -> object:
    """The event itself if it says that the line is lost."""
    return event if isinstance(event, LinkChanged) and not event.connected else None
