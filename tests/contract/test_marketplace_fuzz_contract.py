"""Whatever a marketplace answers ends in what the interface promises: a value, or a named error.

Replies are documented ones that were bent, other JSON, other bytes; on any HTTP status.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.chats import (
    ImagePart,
    OrderCardPart,
    OutgoingMessage,
    SentMessage,
    TextPart,
)
from cloud.marketplaces.errors import (
    MarketplaceError,
    OutcomeUnknown,
    PermanentError,
    TransientError,
)
from cloud.marketplaces.interface import CountsUnread, Marketplace
from cloud.marketplaces.registry import channels, marketplace_for
from tests.support.corner_market.sandbox import registered

FIXTURES = Path(__file__).parents[1] / "fixtures"
BASE_URL = "https://marketplace.test"
SECRET, TOKEN = "app-secret-4711", "access-token-4711"
ACCESS = ShopAccess(
    AppCredentials("1000001", SECRET, service_id="77"), "22000001", "MY", TOKEN, cipher="c1"
)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SINCE = NOW - timedelta(days=2)

Call = Callable[[Marketplace], object]
TEXT = OutgoingMessage("900000001", "231115ABCDEF12", TextPart("hello"), "c-1")
IMAGE = OutgoingMessage("900000001", "231115ABCDEF12", ImagePart("https://x.test/a", 4, 3), "c-1")
CARD = OutgoingMessage("900000001", "231115ABCDEF12", OrderCardPart("231115ABCDEF12"), "c-1")
BACK = {"code": TOKEN, "shop_id": "22000001", "state": "s"}

READS: dict[str, Call] = {
    "shop facts": lambda m: m.shop_facts(ACCESS),
    "orders": lambda m: m.orders(ACCESS, since=SINCE, until=NOW),
    "order": lambda m: m.order(ACCESS, "231115ABCDEF12"),
    "tracking number": lambda m: m.tracking_number(
        ACCESS, order_number="231115ABCDEF12", parcel_number="P1"
    ),
    "conversations": lambda m: m.conversations(ACCESS),
    "find conversation": lambda m: m.find_conversation(ACCESS, buyer_id="900000001"),
    "open conversation": lambda m: m.open_conversation(
        ACCESS, order_number="231115ABCDEF12", buyer_id="900000001"
    ),
    "messages": lambda m: m.messages(ACCESS, "c-1"),
    "mark read": lambda m: m.mark_read(ACCESS, "77000001", last_message_id="5"),
    "unread": lambda m: m.unread_conversations(ACCESS) if isinstance(m, CountsUnread) else None,
    "read back": lambda m: m.read_back(ACCESS, TEXT, since=SINCE, max_pages=3),
    "read back of a picture": lambda m: m.read_back(ACCESS, IMAGE, since=SINCE, max_pages=3),
}
SPENDS: dict[str, Call] = {
    "exchange": lambda m: m.exchange_code(ACCESS.app, BACK),
    "refresh": lambda m: m.refresh(ACCESS.app, shop_id="22000001", refresh_token=TOKEN),
}
SENDS: dict[str, Call] = {
    "text": lambda m: m.send(ACCESS, TEXT, deadline_s=5),
    "image": lambda m: m.send(ACCESS, IMAGE, deadline_s=5),
    "order card": lambda m: m.send(ACCESS, CARD, deadline_s=5),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the marketplace says to one request."""

    status: int
    body: bytes


REFUSALS: dict[str, list[dict[str, object]]] = {
    "shopee": [{"request_id": "1", "error": "error_x", "message": f"bad {TOKEN} {SECRET}"}],
    "lazada": [{"code": "X", "type": "ISV", "message": f"bad {TOKEN} {SECRET}"}],
    "tiktok": [{"code": 5, "message": f"bad {TOKEN} {SECRET}", "request_id": "1"}],
    "corner": [{"ok": False, "error": "x", "text": f"bad {TOKEN} {SECRET}"}],
}


def documented(channel: str) -> list[Any]:
    """Every reply of the fixtures, and a refusal that repeats what it was asked with."""
    files = sorted((FIXTURES / channel).glob("*.json"))
    return [*(json.loads(path.read_text()) for path in files), *REFUSALS.get(channel, [])]


odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    # Also what a marketplace repeats of our request, and must not reach a log.
    st.sampled_from(["0", "1700000000", "", "[]", '{"url": 1}', "null", SECRET, f"bad {TOKEN}"]),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"": None}),
)
any_json = st.recursive(
    odd_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside."""
    yield way
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, one in inside:
        yield from places(one, (*way, key))


def bent(value: Any, way: tuple[Any, ...], new: Any, *, removed: bool) -> Any:
    """A copy with one value replaced, or taken out."""
    if not way:
        return new
    copied = value.copy()
    if len(way) == 1 and removed:
        if isinstance(copied, dict):
            del copied[way[0]]
        else:
            copied.pop(way[0])
    else:
        copied[way[0]] = bent(value[way[0]], way[1:], new, removed=removed)
    return copied


@st.composite
def bent_replies(draw: st.DrawFn, channel: str) -> Any:
    value = draw(st.sampled_from(documented(channel)))
    for _ in range(draw(st.integers(0, 2))):
        way = draw(st.sampled_from(list(places(value))))
        value = bent(value, way, draw(odd_values), removed=draw(st.booleans()))
    return value


def answers(channel: str) -> st.SearchStrategy[list[Answer]]:
    bodies = st.one_of(
        bent_replies(channel).map(lambda value: json.dumps(value).encode()),
        bent_replies(channel).map(lambda value: json.dumps(value).encode()),
        any_json.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=40),
        st.just(b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
        st.just(b""),
    )
    statuses = st.one_of(
        st.just(200), st.sampled_from([204, 302, 400, 401, 403, 404, 429, 491, 503])
    )
    return st.lists(st.builds(Answer, statuses, bodies), min_size=1, max_size=3)


def answering(channel: str, given_answers: list[Answer]) -> Marketplace:
    """A marketplace that gives these answers, the last one again and again."""
    left = list(given_answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        one = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(one.status, content=one.body)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return marketplace_for(channel, http=http, base_url=BASE_URL, now=lambda: NOW)


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def ids_in(value: Any) -> set[str]:
    """Whatever is called a message's id inside, as text."""
    found: set[str] = set()
    if isinstance(value, dict):
        found = {str(one) for key, one in value.items() if key == "message_id"}
        value = list(value.values())
    if isinstance(value, list):
        found = found.union(*(ids_in(one) for one in value))
    return found


def checked(call: Call, marketplace: Marketplace) -> object:
    """The value, or the error. Anything but a MarketplaceError fails the test by itself."""
    try:
        outcome = call(marketplace)
    except MarketplaceError as error:
        outcome = error
    if isinstance(outcome, MarketplaceError):
        assert outcome.name
        assert SECRET not in str(outcome)
        assert TOKEN not in str(outcome)
    return outcome


FUZZED = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
each_channel = pytest.mark.parametrize("channel", [*channels(), "corner"])


@pytest.fixture(scope="module", autouse=True)
def corner() -> Iterator[None]:
    with registered():
        yield


@each_channel
@pytest.mark.parametrize("name", READS)
@FUZZED
@given(data=st.data())
def test_a_reading_gives_a_value_or_says_that_nothing_changed(
    channel: str, name: str, data: st.DataObject
) -> None:
    outcome = checked(READS[name], answering(channel, data.draw(answers(channel))))
    if isinstance(outcome, MarketplaceError):
        assert isinstance(outcome, TransientError | PermanentError)


@each_channel
@pytest.mark.parametrize("name", SPENDS)
@FUZZED
@given(data=st.data())
def test_what_spends_a_code_gives_a_pair_or_a_named_error(
    channel: str, name: str, data: st.DataObject
) -> None:
    outcome = checked(SPENDS[name], answering(channel, data.draw(answers(channel))))
    if isinstance(outcome, MarketplaceError):
        assert isinstance(outcome, TransientError | PermanentError | OutcomeUnknown)


@each_channel
@pytest.mark.parametrize("name", SENDS)
@FUZZED
@given(data=st.data())
def test_a_send_is_sent_only_with_the_marketplaces_id(
    channel: str, name: str, data: st.DataObject
) -> None:
    given_answers = data.draw(answers(channel))
    outcome = checked(SENDS[name], answering(channel, given_answers))
    if isinstance(outcome, SentMessage):
        assert outcome.message_id
        said = [one.body.decode(errors="replace") for one in given_answers]
        written = json.dumps(outcome.message_id)[1:-1]
        assert any(written in body and "message_id" in body for body in said)


@each_channel
@FUZZED
@given(body=st.one_of(any_json.map(lambda value: json.dumps(value).encode()), st.binary()))
def test_a_push_is_read_or_refused_by_name(channel: str, body: bytes) -> None:
    marketplace = answering(channel, [Answer(200, b"{}")])
    checked(lambda m: m.read_push(body), marketplace)
    assert not marketplace.verify_push(
        ACCESS.app, callback_url="https://x.test", raw_body=body, signature="é" * 64
    )
