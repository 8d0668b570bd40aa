"""The link and everything that must not end it: strangers, garbage, floods, broker restarts."""

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import paho.mqtt.client as paho
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import set_state
from cloud.conversations.states import DispatchState as State
from cloud.database.errors import ConnectionLost
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.fleet.models import Device
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import Photo, Proof
from tests.database_rows import only_sqlite
from tests.fixtures_mosquitto import MakeMosquitto
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from tests.support.mosquitto import CLOUD, Limits, Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.waiting import eventually
from wire.messages import (
    AdviceKind,
    DispatchState,
    Health,
    Lookup,
    PhotoResult,
    Presence,
    PresenceState,
    ProofResult,
)
from wire.topics import Address, Up

DATA = jpeg(1)
PROOF = "1" * 32


@dataclass
class Side:
    """The cloud's side of a test, and the table that talks to it."""

    database: Database
    running: RunningLink
    organisation_id: int
    table: LinkTable

    def device(self) -> Device:
        with self.database.read(scoped(self.organisation_id)) as session:
            return session.scalars(
                select(Device).where(Device.device_id == self.table.address.device_id)
            ).one()

    def count_photos(self) -> int:
        with self.database.read(scoped(self.organisation_id)) as session:
            return len(session.scalars(select(Photo)).all())


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database) -> Iterator[Side]:
    address, organisation_id = add_device(database, "table-01")
    running = RunningLink(mosquitto, database, SimulatedPhotoStore())
    with running, LinkTable(mosquitto, address) as table:
        yield Side(database, running, organisation_id, table)


# --- who publishes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "root",
    [
        "packwitness/v1/08/table-01",  # its own id in another partition
        "packwitness/v1/07/table-02",  # an id that is not enrolled
        "packwitness/v1/7/table-01",
        "packwitness/v1/64/table-01",
    ],
)
def test_what_comes_under_another_name_changes_nothing(
    side: Side, mosquitto: Mosquitto, root: str
) -> None:
    """Sent with the cloud's own rights: the access list alone must not be what protects."""
    liar = paho.Client(CallbackAPIVersion.VERSION2, client_id="liar", protocol=paho.MQTTv5)
    liar.username_pw_set(CLOUD, mosquitto.users[CLOUD])
    liar.connect(mosquitto.host, mosquitto.port)
    liar.loop_start()
    for topic in (f"up/proof/{PROOF}", f"up/photo/{sha_of(DATA)}/0", "up/presence"):
        liar.publish(f"{root}/{topic}", manifest(PROOF, []).to_bytes(), qos=1).wait_for_publish(10)
    liar.disconnect()
    liar.loop_stop()
    side.table.wait_until_link_has_seen_all()
    with side.database.read(scoped(side.organisation_id)) as session:
        assert session.scalars(select(Proof)).all() == []
    assert side.device().boot_count == 0
    assert not side.table.proof_answers(PROOF)


def test_an_unknown_and_a_revoked_device_are_not_answered(side: Side, mosquitto: Mosquitto) -> None:
    gone, _ = add_device(side.database, "table-02", 9, side.organisation_id)

    def revoke(session: Session) -> None:
        session.execute(
            update(Device)
            .where(Device.device_id == "table-02")
            .values(revoked_at=datetime.now(UTC))
        )

    side.database.write(revoke, scoped(side.organisation_id))
    for address in (gone, Address(9, "table-03")):
        with LinkTable(mosquitto, address) as stranger:
            stranger.send_photo(DATA)
            stranger.send_manifest(manifest(PROOF, []))
            side.table.wait_until_link_has_seen_all()
            assert not stranger.answers
    assert side.count_photos() == 0


# --- garbage -------------------------------------------------------------------------------------

_KINDS = [*Up, "config", "x"]
# The broker ends the session of who uses others in a topic.
_ALLOWED = st.characters(exclude_characters="+#", exclude_categories=["C"])
_TOPICS = st.one_of(
    st.sampled_from(_KINDS).map(lambda kind: f"up/{kind}"),
    st.just(f"up/proof/{PROOF}"),
    st.integers(0, 10**11).map(lambda at: f"up/photo/{sha_of(DATA)}/{at}"),
    st.just(f"up/photo/{'z' * 64}/0"),
    st.text(_ALLOWED, max_size=30).map(lambda rest: f"up/{rest}"),
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**17, max_value=10**400)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["send", PROOF, sha_of(DATA), "0001-01-01T00:00:00+14:00", "online", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "version",
                        "state",
                        "boot_count",
                        "connection",
                        "sign",
                        "correlation",
                        "photos",
                    ),
                    *(
                        "proofs",
                        "following",
                        "sha256",
                        "size_bytes",
                        "proof_id",
                        "revision",
                        "digest",
                    ),
                    *("closing", "mode", "code", "sequence", "opened_at", "closed_at", "packer"),
                    *("clock_synced", "taken_at", "source", "warnings", "faults", "open_code"),
                ]
            ),
            inner,
            max_size=12,
        )
    ),
    max_leaves=20,
)


def _likely(seed: int) -> bytes:
    """A good message with one thing wrong, which gets further than noise does."""
    chance = random.Random(seed)
    good = [
        manifest(PROOF, [DATA], packer="Mei").to_bytes(),
        Health(sign="ready", faults=["x"]).to_bytes(),
        Presence(state=PresenceState.ONLINE, boot_count=1).to_bytes(),
        Lookup(code="A", correlation="c").to_bytes(),
    ]
    raw = bytearray(chance.choice(good))
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(raw))
        raw[at : at + chance.randint(0, 3)] = chance.choice(
            [b"", b"9" * 30, b"\\u0000", b"\xff", b'"', b"-", b"null", b"1e400", b"\xc3\xa9"]
        )
    return bytes(raw)


_PAYLOADS = st.one_of(
    st.binary(max_size=200),
    _JSON.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 10**9).map(_likely),
)


@only_sqlite
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes here
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(_TOPICS, _PAYLOADS, st.sampled_from([None, "5", "x"])), max_size=40))
def test_no_payload_on_any_topic_ends_a_thread(
    side: Side, said: list[tuple[str, bytes, str | None]]
) -> None:
    for topic, payload, size in said:
        side.table.say_raw(f"{side.table.address.root}/{topic}", payload, size=size)
    side.table.wait_until_link_has_seen_all()
    assert side.running.link.alive()


@pytest.mark.parametrize("seed", range(4))
def test_good_messages_with_one_thing_wrong_end_no_thread(side: Side, seed: int) -> None:
    """On both databases: what one stores the other may refuse."""
    for number in range(100):
        payload = _likely(seed * 1000 + number)
        for kind in ("presence", "health", "inventory", "lookup", f"proof/{PROOF}"):
            side.table.say_raw(f"{side.table.address.root}/up/{kind}", payload)
        side.table.wait_until_link_has_seen_all()
    assert side.running.link.alive()


def test_a_bug_in_the_handling_of_one_message_ends_with_that_message(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    link = side.running.link
    with monkeypatch.context() as bugs:
        bugs.setattr(link._manifests, "take", broken)
        bugs.setattr(link._assembly, "add", broken)
        side.table.send_manifest(manifest(PROOF, []))
        side.table.send_slice(DATA, 0, 100)
        side.table.wait_until_link_has_seen_all()
    side.table.send_manifest(manifest(PROOF, []))
    assert side.table.wait_proof(PROOF).result is ProofResult.RECEIPTED


# --- presence and health --------------------------------------------------------------------------


def presence(state: PresenceState, boot: int, connection: int) -> Presence:
    return Presence(state=state, boot_count=boot, connection=connection)


ON, OFF, STOP = PresenceState.ONLINE, PresenceState.OFFLINE, PresenceState.STOPPED


@pytest.mark.parametrize(
    ("said", "online", "session"),
    [
        ([(ON, 1, 1)], True, (1, 1)),
        ([(ON, 1, 1), (OFF, 1, 1)], False, (1, 1)),
        ([(ON, 1, 1), (STOP, 1, 1)], False, (1, 1)),
        ([(ON, 1, 1), (ON, 1, 2), (OFF, 1, 1)], True, (1, 2)),  # the will of the line before
        ([(ON, 2, 1), (OFF, 1, 9)], True, (2, 1)),  # the will of the start before
        ([(ON, 2, 1), (ON, 1, 9)], True, (2, 1)),
        ([(OFF, 1, 1), (ON, 1, 2)], True, (1, 2)),
        ([(ON, 1, 2), (STOP, 1, 2), (OFF, 1, 1)], False, (1, 2)),
    ],
)
def test_presence_follows_the_newest_connection(
    side: Side,
    said: list[tuple[PresenceState, int, int]],
    online: bool,
    session: tuple[int, int],
) -> None:
    for state, boot, connection in said:
        side.table.say(Up.PRESENCE, presence(state, boot, connection))
    side.table.wait_until_link_has_seen_all()
    device = side.device()
    assert device.online is online
    assert (device.boot_count, device.connection_count) == session


def test_the_newest_health_is_kept_and_told(side: Side) -> None:
    side.table.say(Up.HEALTH, Health(sign="ready"))
    side.table.say(Up.HEALTH, Health(sign="fault", faults=["camera lost"], waiting_proofs=3))
    side.table.wait_until_link_has_seen_all()
    device = side.device()
    assert Health.from_bytes(device.health.encode()).faults == ["camera lost"]
    assert device.last_seen_at is not None


def test_the_longest_health_fits(side: Side) -> None:
    """On PostgreSQL a text longer than its column is an error."""
    longest = Health(
        sign="\x01" * 40,
        mode="\x01" * 20,
        open_code="\x01" * 200,
        open_photos=[sha_of(DATA)] * 3,
        faults=["\x01" * 100] * 20,
    )
    side.table.say(Up.HEALTH, longest)
    side.table.wait_until_link_has_seen_all()
    assert Health.from_bytes(side.device().health.encode()) == longest


# --- lookups --------------------------------------------------------------------------------------


def test_a_lookup_is_answered_with_advice(side: Side) -> None:
    side.running.advise = lambda _organisation, _code: AdviceKind.CANCELLED
    side.table.say(Up.LOOKUP, Lookup(code="250301A", correlation="c1"))
    advice = eventually(lambda: side.table.advice)[0]
    assert (advice.code, advice.correlation, advice.kind) == ("250301A", "c1", AdviceKind.CANCELLED)
    assert "cancelled" in advice.text


def test_a_lookup_that_fails_stays_unanswered_and_the_next_is_answered(side: Side) -> None:
    def broken(_organisation: int, _code: str) -> AdviceKind:
        raise RuntimeError("a bug")

    side.running.advise = broken
    side.table.say(Up.LOOKUP, Lookup(code="A", correlation="c1"))
    eventually(lambda: side.running.asked == ["A"])
    side.running.advise = lambda _organisation, _code: AdviceKind.KNOWN
    side.table.say(Up.LOOKUP, Lookup(code="B", correlation="c2"))
    assert [it.correlation for it in eventually(lambda: side.table.advice)] == ["c2"]


def test_a_flood_of_lookups_does_not_pile_up(side: Side) -> None:
    go_on = threading.Event()

    def slow(_organisation: int, _code: str) -> AdviceKind:
        assert go_on.wait(20)
        return AdviceKind.KNOWN

    side.running.advise = slow
    for number in range(100):
        side.table.say(Up.LOOKUP, Lookup(code=f"C{number}", correlation=str(number)))
    side.table.wait_until_link_has_seen_all()
    go_on.set()
    eventually(lambda: len(side.table.advice) == 4)
    side.table.say(Up.LOOKUP, Lookup(code="LAST", correlation="last"))
    eventually(lambda: side.table.advice[-1].code == "LAST")
    assert side.running.asked == ["C0", "C1", "C2", "C3", "LAST"]


# --- progress -------------------------------------------------------------------------------------


def set_dispatch(side: Side, state: State) -> None:
    def unit(session: Session) -> None:
        dispatch = session.scalars(select(Dispatch)).one()
        set_state(session, dispatch, state, now=datetime.now(UTC))

    side.database.write(unit, scoped(side.organisation_id))


def test_each_change_of_a_dispatch_is_told_to_its_device_alone(
    side: Side, mosquitto: Mosquitto
) -> None:
    other, _ = add_device(side.database, "table-02", 9, side.organisation_id)
    with LinkTable(mosquitto, other) as second:
        side.table.send_manifest(manifest(PROOF, []))
        side.table.wait_proof(PROOF)
        for state in (State.QUEUED, State.SENDING, State.SENT):
            set_dispatch(side, state)
            eventually(
                lambda state=state: (
                    side.table.progress  # type: ignore[misc]  # bound at once
                    and side.table.progress[-1].state.value == state.value
                )
            )
        second.wait_until_link_has_seen_all()
        assert not second.progress
    assert side.table.progress[-1].state is DispatchState.SENT
    assert side.table.progress[-1].proof_id == PROOF


def test_progress_goes_on_after_the_database_was_away(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.table.send_manifest(manifest(PROOF, []))
    side.table.wait_proof(PROOF)
    eventually(lambda: side.table.progress)
    teller = side.running.link._progress
    failed = threading.Event()

    def away(*_: object) -> None:
        failed.set()
        raise ConnectionLost("away")

    with monkeypatch.context() as broken:
        broken.setattr(teller, "_follow", away)
        set_dispatch(side, State.SENT)
        assert failed.wait(10)
    eventually(lambda: side.table.progress[-1].state is DispatchState.SENT)


# --- floods and broken lines ----------------------------------------------------------------------


@only_sqlite
def test_what_is_in_work_is_bounded_and_nothing_is_lost_by_it(
    mosquitto: Mosquitto, database: Database
) -> None:
    """Mosquitto hands over more than the Receive Maximum as soon as acknowledgements come."""
    address, _ = add_device(database, "table-01")
    go_on = threading.Semaphore(0)
    stored: list[str] = []
    highest = 0

    class Stuck(SimulatedPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            nonlocal highest
            assert go_on.acquire(timeout=30)
            highest = max(highest, connection._in_work)
            super().put(organisation_id, sha256, data)
            stored.append(sha256)

    running = RunningLink(mosquitto, database, Stuck(), receive_maximum=5, photo_workers=2)
    connection = running.link._connection
    with running, LinkTable(mosquitto, address) as table:
        photos = [jpeg(number, 1000) for number in range(150)]
        for data in photos:
            table.send_slice(data, 0, len(data))
        eventually(lambda: connection._in_work == 5)
        for number in range(len(photos)):
            go_on.release()
            eventually(lambda: len(stored) > number)  # noqa: B023  asked at once
        results = [table.wait_photo(sha_of(data)).result for data in photos]
        assert set(results) == {PhotoResult.RECEIPTED}
        eventually(lambda: connection._in_work == 0)
        assert connection._lines == 1
    # While answers are under way, paho reads as many packets at once as there are answers.
    assert highest < 2 * 5 + 25


@only_sqlite
def test_messages_without_acknowledgement_are_bounded_too(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QoS 0 is not held back by the broker; what is too much is dropped, and others are served."""
    go_on = threading.Event()
    link = side.running.link
    taken = link._reports.health
    highest = 0

    def slow(*arguments: object) -> None:
        nonlocal highest
        highest = max(highest, link._connection._in_work)
        assert go_on.wait(20)
        taken(*arguments)  # type: ignore[arg-type]  # handed on as they came

    with monkeypatch.context() as stuck:
        stuck.setattr(link._reports, "health", slow)
        payload = Health(sign="x").to_bytes()
        for _ in range(2000):
            side.table.say_raw(side.table.address.up(Up.HEALTH), payload, qos=0)
        side.table.send_photo(DATA)
        assert side.table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
        go_on.set()
        side.table.wait_until_link_has_seen_all()
    assert highest <= 65
    assert link._connection._in_work == 0


@pytest.mark.parametrize("kill", [False, True])
def test_a_broker_restarted_in_the_middle(
    make_mosquitto: MakeMosquitto, database: Database, kill: bool
) -> None:
    broker = make_mosquitto()
    address, organisation_id = add_device(database, "table-01")
    store = SimulatedPhotoStore()
    with RunningLink(broker, database, store) as running, LinkTable(broker, address) as table:
        table.send_slice(DATA, 0, 9000)
        table.wait_until_link_has_seen_all()
        table.expect_reconnect()
        broker.restart(kill=kill)
        table.wait_reconnected()
        eventually(lambda: running.link.wait_connected(0))
        table.send_slice(DATA, 9000, len(DATA))
        assert table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
        assert store.read(organisation_id, sha_of(DATA)) == DATA


@only_sqlite
def test_acknowledgements_of_a_lost_line_are_not_given_to_the_next(
    make_mosquitto: MakeMosquitto, database: Database
) -> None:
    """Packet numbers begin anew with each line."""
    broker = make_mosquitto()
    address, _ = add_device(database, "table-01")
    go_on = threading.Event()

    class Stuck(SimulatedPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            assert go_on.wait(30)
            super().put(organisation_id, sha256, data)

    running = RunningLink(broker, database, Stuck(), receive_maximum=3)
    with running, LinkTable(broker, address) as table:
        connection = running.link._connection
        for number in range(3):
            table.send_slice(data := jpeg(number, 500), 0, len(data))
        eventually(lambda: connection._in_work == 3)
        table.expect_reconnect()
        broker.restart(kill=True)
        table.wait_reconnected()
        eventually(lambda: running.link.wait_connected(0))
        for number in range(3, 9):
            table.send_slice(data := jpeg(number, 500), 0, len(data))
        eventually(lambda: connection._in_work == 6)
        go_on.set()
        for number in range(3, 9):
            table.wait_photo(sha_of(jpeg(number, 500)))
        eventually(lambda: connection._in_work == 0)


@only_sqlite
def test_the_brokers_limits_are_obeyed(make_mosquitto: MakeMosquitto, database: Database) -> None:
    """Answers wait for their turn instead of ending the line (edge-hardware 5.1, 2)."""
    broker = make_mosquitto(limits=Limits(receive_maximum=2, max_packet_size=5000))
    address, _ = add_device(database, "table-01")
    running = RunningLink(broker, database, SimulatedPhotoStore())
    with running, LinkTable(broker, address) as table:
        for number in range(50):
            table.say(Up.LOOKUP, Lookup(code="A", correlation=str(number)))
            table.send_slice(jpeg(number, 500), 0, 500)
        for number in range(50):
            table.wait_photo(sha_of(jpeg(number, 500)))
        assert running.link._connection._lines == 1


@only_sqlite
def test_a_broker_that_refuses_the_cloud_is_tried_again(
    make_mosquitto: MakeMosquitto, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make_mosquitto()
    right = broker.users[CLOUD]
    broker.users[CLOUD] = "wrong"
    running = RunningLink(broker, database, SimulatedPhotoStore())
    broker.users[CLOUD] = right
    running.link.start()
    eventually(lambda: running.link._connection._lines >= 3)
    assert not running.link.wait_connected(0)
    assert running.link.alive()
    assert caplog.text.count("refuses the cloud") == 1
    broker.add_user(CLOUD, "wrong")
    assert running.link.wait_connected(20)
    running.__exit__()
