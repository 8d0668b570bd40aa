"""Figures of hours, the days of a report, and where its columns stand (issue 6: reports)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.conversations.states import Reason
from cloud.dashboard.reports.charts import chart, round_up
from cloud.dashboard.reports.days import MOST_DAYS, Days, read_days
from cloud.dashboard.reports.report import Missed, report
from cloud.proofs.states import ProofState
from cloud.reports.figures import Figures, read_figures, total

TODAY = date(2026, 11, 23)
KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NAMES = {7: "Table 7"}


def figures(table: str = "7", packer: str = "Ana", took_s: float = 3.0) -> Figures:
    one = Figures()
    one.note_proof(table, packer)
    one.note_sent(took_s)
    return one


def test_what_was_written_is_read_again_and_adds_up() -> None:
    one = figures()
    one.note_not_sent("failed", "outage")
    assert read_figures(one.written()) == one
    both = total([one, read_figures(one.written())])
    assert (both.proofs, both.sent, both.not_sent["failed/outage"]) == (2, 2, 2)
    assert one.proofs == 1


@given(st.lists(st.floats(min_value=0.02, max_value=300_000), min_size=1, max_size=50))
def test_a_time_is_right_to_a_twentieth(times: list[float]) -> None:
    one = Figures()
    for took_s in times:
        one.note_sent(took_s)
    for share in (0.5, 0.95):
        exact = sorted(times)[max(0, -(-int(share * 1000) * len(times) // 1000) - 1)]
        assert one.quantile_s(share) == pytest.approx(exact, rel=0.051)


def test_clocks_that_differ_make_no_negative_time_and_nothing_sent_has_none() -> None:
    assert Figures().quantile_s(0.5) is None
    assert figures(took_s=-4).quantile_s(0.5) == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize(
    ("asked", "start", "end", "cut", "refused"),
    [
        ({}, "2026-11-17", "2026-11-23", False, False),
        ({"from": "2026-11-01", "to": "2026-11-02"}, "2026-11-01", "2026-11-02", False, False),
        ({"to": "2026-11-02"}, "2026-10-27", "2026-11-02", False, False),
        ({"from": "2020-01-01"}, "2026-10-24", "2026-11-23", True, False),
        ({"from": "2026-12-01"}, "2026-11-23", "2026-11-23", False, True),
        ({"from": "yesterday"}, "2026-11-17", "2026-11-23", False, True),
        ({"to": "0001-01-01"}, "2026-11-17", "2026-11-23", False, True),
    ],
)
def test_days_of_an_address(
    asked: dict[str, str], start: str, end: str, cut: bool, refused: bool
) -> None:
    days = read_days(asked, KUALA_LUMPUR, TODAY)
    assert (str(days.start), str(days.end)) == (start, end)
    assert (days.was_cut, days.not_understood) == (cut, refused)
    assert days.count <= MOST_DAYS


def test_days_begin_and_end_in_the_readers_zone() -> None:
    days = Days(TODAY, TODAY, KUALA_LUMPUR)
    assert days.since == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert days.until - days.since == timedelta(days=1)


def test_a_report_puts_each_hour_to_its_day_and_keeps_days_without_any() -> None:
    days = Days(date(2026, 11, 21), date(2026, 11, 23), KUALA_LUMPUR)
    late = datetime(2026, 11, 22, 15, tzinfo=UTC)  # 23:00
    early = datetime(2026, 11, 22, 16, tzinfo=UTC)  # 00:00 of the next day
    one = figures(packer="")
    one.note_not_sent("failed", "outage")
    for _ in range(2):
        one.note_not_sent("unsent", "")
    found = report(days, [(late, figures()), (early, one), (early, figures("webcam"))])
    assert [each.proofs for _day, each in found.by_day] == [0, 1, 2]
    assert (found.by_hour[23], found.by_hour[0], sum(found.by_hour)) == (1, 2, 3)
    tables = [(bar.name, bar.query, bar.value) for bar in found.tables(NAMES, str)]
    assert tables == [("Table 7", {"table": "7"}, 2), ("Browser webcam", {}, 1)]
    packers = [(bar.name, bar.query, bar.value) for bar in found.packers(str)]
    assert packers == [("Ana", {"packer": "Ana"}, 2), ("No badge scanned", {}, 1)]
    assert found.missed() == [
        Missed(ProofState.UNSENT, None, 2),
        Missed(ProofState.FAILED, Reason.OUTAGE, 1),
    ]


def test_columns_fill_the_chart_up_to_a_round_number() -> None:
    drawn = chart(["a", "b", "c"], [0, 10, 13])
    assert drawn.top == 20
    assert [one.height for one in drawn.columns] == [0, 74, 96.2]
    assert all(one.y + one.height == pytest.approx(drawn.floor) for one in drawn.columns)
    many = chart([str(place) for place in range(31)], [1] * 31)
    assert sum(bool(one.label) for one in many.columns) <= 12


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (3, 5), (11, 20), (51, 100)])
def test_round_numbers(value: int, top: int) -> None:
    assert round_up(value) == top
