"""The link, and who or what must not move it: liars, strangers, garbage."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime

import paho.mqtt.client as paho
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.fleet.models import Device
from cloud.proofs.models import Proof
from tests.database_rows import only_sqlite
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from tests.support.mosquitto import CLOUD, Mosquitto
from tests.support.running_link import LinkSide, add_device, link_side
from wire.messages import (
    Health,
    Lookup,
    Presence,
    PresenceState,
    ProofResult,
)
from wire.topics import Address, Up

DATA = jpeg(1)
PROOF = "1" * 32


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database) -> Iterator[LinkSide]:
    with link_side(mosquitto, database) as side:
        yield side


# --- who publishes --------------------------------------------------------------------------------


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
    side: LinkSide, mosquitto: Mosquitto, root: str
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


def test_an_unknown_and_a_revoked_device_are_not_answered(
    side: LinkSide, mosquitto: Mosquitto
) -> None:
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


# --- garbage --------------------------------------------------------------------------------------

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
    side: LinkSide, said: list[tuple[str, bytes, str | None]]
) -> None:
    for topic, payload, size in said:
        side.table.say_raw(f"{side.table.address.root}/{topic}", payload, size=size)
    side.table.wait_until_link_has_seen_all()
    assert side.running.link.alive()


@pytest.mark.parametrize("seed", range(4))
def test_good_messages_with_one_thing_wrong_end_no_thread(side: LinkSide, seed: int) -> None:
    """On both databases: what one stores the other may refuse."""
    for number in range(100):
        payload = _likely(seed * 1000 + number)
        for kind in ("presence", "health", "inventory", "lookup", f"proof/{PROOF}"):
            side.table.say_raw(f"{side.table.address.root}/up/{kind}", payload)
        side.table.wait_until_link_has_seen_all()
    assert side.running.link.alive()


def test_a_bug_in_the_handling_of_one_message_ends_with_that_message(
    side: LinkSide, monkeypatch: pytest.MonkeyPatch
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
