"""The export of the log is exactly its filter, opens rightly, and says whether it is complete."""

import csv
import io
import itertools
from contextlib import nullcontext

import httpx
import pytest
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState, Reason
from cloud.database.errors import ConnectionLost
from cloud.proofs import log_parts, log_sources
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import Found, log_entries
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard

EXPORT = "/parcelguard/log/export.csv"


def read(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_a_row_has_what_the_log_knows(dashboard: RunningDashboard, world: World) -> None:
    order = world.add_order("260112345678901", "MY123456789")
    world.add_proof(
        "=cmd",
        DispatchState.FAILED,
        order_id=order,
        reason=Reason.REFUSED_CONTENT,
        packer="@Mei",
    )
    with dashboard.browser(world.email) as browser:
        browser.cookies.set("packwitness-zone", "Asia/Kuala_Lumpur")
        answer = browser.get(EXPORT)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="packwitness-')
    assert answer.headers["cache-control"] == "no-store"
    headings, row, last = read(answer)
    cells = dict(zip(headings, row, strict=True))
    assert cells == {
        "Order": '="260112345678901"',
        "Tracking number": "MY123456789",
        "Code as scanned": "'=cmd",
        "Marketplace": "Shopee",
        "Shop": "Demo Shop",
        "Table": "Table 1",
        "Packer": "'@Mei",
        "Photos": "2",
        "State": "Failed",
        "Reason": "The marketplace does not accept what the message or photo contains.",
        "The marketplace's words": "",
        "Packed": "2026-11-21 14:00:00+08:00",
        "Received here": "2026-11-21 14:00:02+08:00",
        "Last change": "2026-11-21 14:00:02+08:00",
        "Messages in the chat": "0",
        "Messages in all": "0",
        "Resends": "0",
    }
    assert last == ["Complete: 1 orders"]


def test_it_is_exactly_the_filter_in_as_many_parts_as_it_takes(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_parts, "PART", 3)
    monkeypatch.setattr(log_sources, "LOOKED_AT", 2)
    other = world.table_id
    wanted = world.add_table("Table 2")
    for number in range(20):
        world.table_id = wanted if number % 3 else other
        state = DispatchState.SENT if number % 2 else DispatchState.FAILED
        world.add_proof(f"CODE-{number:02d}", state, photos=0, packer="Mei" if number > 3 else None)
    expected = {
        "": [f"CODE-{number:02d}" for number in reversed(range(20))],
        f"?table={wanted}&state=sent": [f"CODE-{n:02d}" for n in (19, 17, 13, 11, 7, 5, 1)],
        "?packer=Mei&state=failed": [f"CODE-{n:02d}" for n in range(18, 3, -2)],
        "?code=CODE-07": ["CODE-07"],
        "?state=held": [],
        # The part of the log that is looked at is no part of the filter.
        "?before=3&code=CODE-07": ["CODE-07"],
    }
    with dashboard.browser(world.email) as browser:
        for query, codes in expected.items():
            _headings, *rows, last = read(browser.get(EXPORT + query))
            assert [row[2] for row in rows] == codes, query
            assert last == [f"Complete: {len(codes)} orders"]


@only_sqlite
def test_it_is_in_the_readers_language(dashboard: RunningDashboard, world: World) -> None:
    world.add_proof("CODE", photos=0)
    with dashboard.browser(world.email) as browser:
        browser.post("/language", data={"language": "zh-TW"})
        headings, _row, last = read(browser.get(EXPORT))
    assert headings[0] == "訂單"
    assert last == ["完整：共 1 筆訂單"]


@only_sqlite
def test_a_file_that_ended_early_says_so(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent cannot be taken back: the last line is where it is told."""
    monkeypatch.setattr(log_parts, "PART", 2)
    for number in range(5):
        world.add_proof(f"CODE-{number}", photos=0)
    found, calls = log_entries, itertools.count(1)

    def failing(session: Session, wanted: LogFilter, window: Window) -> Found:
        if next(calls) == 2:
            raise ConnectionLost("the database went away")
        return found(session, wanted, window)

    monkeypatch.setattr(log_parts, "log_entries", failing)
    with dashboard.browser(world.email) as browser:
        _headings, *rows, last = read(browser.get(EXPORT))
    assert [row[2] for row in rows] == ["CODE-4", "CODE-3"]
    assert last == ["NOT COMPLETE: it ended after 2 orders. Export again."]


@only_sqlite
def test_it_is_sent_while_it_is_read(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never all in memory: the second part is read after the first one was taken."""
    monkeypatch.setattr(log_parts, "PART", 1)
    for number in range(3):
        world.add_proof(f"CODE-{number}", photos=0)
    with world.database.read(world.scope) as session:
        parts = log_parts.log_in_parts(lambda: nullcontext(session), LogFilter())
        assert [one.proof.code for one in next(parts).entries] == ["CODE-2"]
        monkeypatch.setattr(log_parts, "log_entries", _broken)
        with pytest.raises(ConnectionLost):
            next(parts)


def _broken(*_: object) -> Found:
    raise ConnectionLost("the database went away")


@only_sqlite
def test_it_holds_nothing_of_other_organisations(dashboard: RunningDashboard, world: World) -> None:
    world.add_proof("MINE", order_id=world.add_order("ORDER-MINE"), photos=0)
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(stranger.email) as browser:
        for query in ("", "?code=ORDER-MINE", f"?shop={world.shop_id}", "?channel=shopee"):
            _headings, last = read(browser.get(EXPORT + query))
            assert last == ["Complete: 0 orders"]
