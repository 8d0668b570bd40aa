"""The order in which ways to the broker are tried."""

from edge.uplink.ways import Turns, Way, ways_to
from wire.enrolment import BrokerAddress, BrokerNode

ONE, TWO = (Way(host, 8883, tls=True) for host in ("one", "two"))
WEB_ONE, WEB_TWO = (Way(host, 443, "websockets", tls=True) for host in ("one", "two"))
ALL = (ONE, TWO, WEB_ONE, WEB_TWO)


def told(**changes: object) -> BrokerAddress:
    fields: dict[str, object] = {
        "host": "one",
        "port": 8883,
        "tls": True,
        "further": (BrokerNode(host="two", port=8883),),
        "websockets": tuple(BrokerNode(host=host, port=443) for host in ("one", "two")),
    }
    return BrokerAddress.model_validate(fields | changes)


def tried(turns: Turns, times: int) -> list[Way]:
    return [turns.next() for _ in range(times)]


def test_all_that_was_told_is_a_way_once() -> None:
    assert ways_to(told()) == ALL


def test_a_broker_that_is_reached_by_websocket_alone_has_no_other_way() -> None:
    broker = told(port=443, transport="websockets", further=())
    assert ways_to(broker) == (WEB_ONE, WEB_TWO)


def test_each_way_is_tried_in_turn_for_ever() -> None:
    assert tried(Turns(ALL), 6) == [*ALL, ONE, TWO]


def test_after_a_connection_comes_the_next_node() -> None:
    turns = Turns(ALL)
    assert turns.next() == ONE
    turns.worked()
    assert tried(turns, 4) == [TWO, ONE, WEB_ONE, WEB_TWO]


def test_where_only_websocket_gets_through_it_comes_first_from_then_on() -> None:
    turns = Turns(ALL)
    assert tried(turns, 3)[-1] == WEB_ONE
    turns.worked()
    assert tried(turns, 5) == [WEB_TWO, WEB_ONE, ONE, TWO, WEB_TWO]


def test_the_other_kind_is_not_forgotten() -> None:
    turns = Turns((ONE, WEB_ONE))
    assert tried(turns, 2) == [ONE, WEB_ONE]
    turns.worked()
    assert tried(turns, 2) == [WEB_ONE, ONE]
    turns.worked()
    assert tried(turns, 2) == [ONE, WEB_ONE]
