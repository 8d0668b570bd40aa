"""A table that is back at its broker before the cloud is."""

from collections import Counter
from dataclasses import replace

from tests.support.scripted_broker import Peer, Publish, ScriptedBroker
from tests.support.uplink_table import ADDRESS, QUICK, UplinkTable, credentials
from wire.messages import Answer, Inventory
from wire.topics import Down, Up

PHOTO_BYTES = 20_000
NO_SUBSCRIBERS = 0x10


def test_what_nobody_heard_after_a_connect_is_said_again_soon() -> None:
    """A broker that restarts has its tables back first; they wait for the cloud's answer."""
    unheard = Counter[str]()

    def nobody_listens_at_first(peer: Peer, packet: Publish) -> None:
        unheard[packet.topic] += 1
        peer.puback(packet.packet_id, NO_SUBSCRIBERS if unheard[packet.topic] <= 2 else 0)
        if packet.topic == ADDRESS.up(Up.INVENTORY) and unheard[packet.topic] == 3:
            answer = Answer(correlation=Inventory.from_bytes(packet.payload).correlation)
            peer.publish(ADDRESS.down(Down.ANSWER).encode(), answer.to_bytes())

    with ScriptedBroker(on_publish=nobody_listens_at_first) as broker:
        # without an answer nothing else would go out for days
        patient = replace(QUICK, transfer=replace(QUICK.transfer, answer_timeout_s=1e6))
        with UplinkTable(credentials(broker.port, "secret"), patient) as table:
            table.queue.take_photo(1, PHOTO_BYTES)
            broker.wait_for(lambda b: sum(len(it.payload) for it in b.of_kind("photo")) >= 20_000)
        born = [it.payload for it in broker.of_kind("presence")]
    assert born[0] == born[1] == born[2]
    assert len(broker.connects) == 1
