"""The log's filters in its address; what changes are about; what a table says; own paths."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import QueryParams

from cloud.dashboard.chat_log.address import Column, read_address, read_query, states_of
from cloud.dashboard.deps import DashboardDeps
from cloud.dashboard.formats import zone_named
from cloud.dashboard.security import comes_from_our_pages
from cloud.dashboard.table_health import TableHealth, read_health
from cloud.dashboard.topics import topics_of
from cloud.dashboard.visitors import own_path
from cloud.proofs.states import ProofState


def test_an_address_is_written_as_it_was_read() -> None:
    query = {"state": "sent", "shop": "3", "table": "7", "from": "2026-11-01", "code": "A&B 1"}
    address = read_address(query)
    assert address.address() == (
        "/parcelguard/log?state=sent&shop=3&table=7&from=2026-11-01&code=A%26B+1"
    )
    assert address.is_filtered


def test_columns_are_written_only_where_they_are_not_the_usual_ones() -> None:
    several = [("column", "pictures"), ("column", "packed"), ("packer", "Mei"), ("photos", "0")]
    address = read_address(QueryParams(several))
    assert address.columns == (Column.PACKED, Column.PICTURES)
    assert address.query() == "packer=Mei&photos=0&column=packed&column=pictures"
    assert read_query(address.query()) == address
    assert address.cleared() == "/parcelguard/log?column=packed&column=pictures"
    assert read_address({}).query() == ""


def test_empty_filters_stay_out_of_the_address() -> None:
    address = read_address({"state": "", "shop": "", "from": "", "code": "  "})
    assert address.address() == "/parcelguard/log"
    assert not address.is_filtered


def test_another_filter_begins_with_the_newest_entries() -> None:
    address = read_address({"before": "50", "state": "sent"})
    assert address.rows_address() == "/parcelguard/log/rows?state=sent&before=50"
    assert address.address(state="failed") == "/parcelguard/log?state=failed"
    assert address.address(before=20) == "/parcelguard/log?state=sent&before=20"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "sended"),
        ("shop", "x"),
        ("shop", "-1"),
        ("table", "9" * 19),
        ("table", "９"),
        ("from", "2026-13-01"),
        ("to", "0001-01-01"),
        ("before", "1e3"),
        ("channel", "amazon"),
        ("photos", "4"),
    ],
)
def test_what_is_not_understood_is_named_and_left_out(name: str, value: str) -> None:
    address = read_address({name: value})
    assert address.not_understood == (name,)
    assert not address.is_filtered


def test_a_range_that_ends_before_it_begins_is_named() -> None:
    address = read_address({"from": "2026-11-02", "to": "2026-11-01"})
    assert address.not_understood == ("to",)
    assert address.start == date(2026, 11, 2)


def test_days_begin_and_end_in_the_readers_zone() -> None:
    address = read_address({"from": "2026-11-01", "to": "2026-11-01"})
    wanted = address.filter(ZoneInfo("Asia/Kuala_Lumpur"))
    assert wanted.packed_from == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert wanted.packed_before == datetime(2026, 11, 1, 16, tzinfo=UTC)


def test_a_group_stands_for_its_states() -> None:
    assert ProofState.FAILED in states_of("attention")
    assert states_of("sent") == (ProofState.SENT,)
    assert states_of("nonsense") == ()


@dataclass
class Change:
    kind: str
    subject: str
    payload: str = "{}"


@pytest.mark.parametrize(
    ("change", "topics"),
    [
        (Change("table", "table:7"), ["table-health", "table:7"]),
        (Change("fleet", "table:7"), ["table:7", "tables"]),
        (Change("proof", "proof:3"), ["log", "proof:3"]),
        (
            Change("dispatch", "dispatch:5", '{"proof":"abc","state":"sent"}'),
            ["dispatch:5", "log", "proof-key:abc"],
        ),
        (Change("dispatch", "dispatch:5", '{"proof":null}'), ["dispatch:5", "log", "proof-key:"]),
    ],
)
def test_topics_of_a_change(change: Change, topics: list[str]) -> None:
    assert topics_of([change, change]) == topics


@pytest.mark.parametrize(
    ("message", "health"),
    [
        ("", None),
        ("{", None),
        ("[]", None),
        ("{}", TableHealth()),
        (
            '{"sign":"open","open_code":"A1","waiting_proofs":2,"clock_synced":false}',
            TableHealth(sign="open", open_code="A1", waiting_proofs=2, clock_synced=False),
        ),
        (
            '{"sign":7,"open_code":null,"open_photos":["a",1],"faults":"x","waiting_proofs":"many"}',
            TableHealth(open_photos=("a",)),
        ),
    ],
)
def test_a_health_message_is_read_whatever_it_holds(
    message: str, health: TableHealth | None
) -> None:
    assert read_health(message) == health


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/parcelguard/log?state=sent", "/parcelguard/log?state=sent"),
        ("", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\\..\\b", "/"),
        ("https://evil.test", "/"),
        ("/ok\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_the_sign_in_only_our_own_pages_are_gone_to(address: str, leads_to: str) -> None:
    assert own_path(address) == leads_to


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site", "origin": "http://box:8080", "host": "box:8080"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://box:8080", "host": "box:8080"}, True),
        ({"origin": "https://box", "host": "box"}, True),
        ({"origin": "http://box:8081", "host": "box:8080"}, False),
        ({"origin": "https://pages.test", "host": "inner:8080"}, True),
        ({"origin": "null", "host": "box"}, False),
        ({"host": "box"}, False),
        ({}, False),
    ],
)
def test_forms_are_taken_from_our_own_pages_alone(headers: dict[str, str], is_ours: bool) -> None:
    assert comes_from_our_pages(headers, "https://pages.test") is is_ours


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "/etc/passwd", "a\0b"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert zone_named(name).key == "UTC"


def deps(buyer_view_url: str) -> DashboardDeps:
    return DashboardDeps(
        database=None,  # type: ignore[arg-type]  # the addresses need none of them
        photos=None,  # type: ignore[arg-type]
        feed=None,  # type: ignore[arg-type]
        mails=None,  # type: ignore[arg-type]
        box=None,  # type: ignore[arg-type]
        authorizing=None,  # type: ignore[arg-type]
        own_url="http://127.0.0.1:8080",
        buyer_view_url=buyer_view_url,
    )


def test_ids_cannot_leave_their_place_in_the_buyers_address() -> None:
    made = deps("http://127.0.0.1:9000/buyer/{shop_id}/{buyer_id}")
    assert made.buyer_view("1/2", "?x") == "http://127.0.0.1:9000/buyer/1%2F2/%3Fx"
    assert made.buyer_view_origin == "http://127.0.0.1:9000"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/buyer", "buyer"])
def test_the_buyers_page_is_on_a_server(url: str) -> None:
    with pytest.raises(ValueError, match="buyer_view_url"):
        deps(url)
