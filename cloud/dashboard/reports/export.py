"""The numbers of a report as a CSV file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard import words
from cloud.dashboard.chat_log import csv_cells
from cloud.dashboard.marking import _
from cloud.dashboard.reports.days import REPORTS_PATH
from cloud.dashboard.reports.page import days_of, names_of_tables
from cloud.dashboard.reports.report import MEDIAN, P95, Report, report
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.reports.counting import counted
from cloud.reports.figures import Figures

FILE_PATH = f"{REPORTS_PATH}/figures.csv"
HEADINGS = (
    _("By"),
    _("Which"),
    _("Reason"),
    _("Proofs"),
    _("Sent"),
    _("Median, seconds"),
    _("95 of 100 within, seconds"),
)
_NONE = ("", "", "")


def report_files(site: Site) -> APIRouter:
    """The route of the file."""
    router = APIRouter()

    @router.get(FILE_PATH)
    def figures(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_REPORTS))]
    ) -> Response:
        days = days_of(request, visitor, utc_now())
        with site.database.read(visitor.scope) as session:
            found = report(days, counted(session, days.since, days.until))
            names = names_of_tables(session)
        say = visitor.language.translations.gettext
        name = f"packwitness-report-{days.start}-{days.end}.csv"
        data = csv_cells.BYTE_ORDER_MARK.encode() + csv_cells.lines(_lines(found, names, say))
        return Response(
            data,
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    return router


def _lines(
    found: Report, names: Mapping[int, str], say: Callable[[str], str]
) -> Iterator[Sequence[str]]:
    yield [say(one) for one in HEADINGS]
    yield (say(_("All days")), "", "", str(found.whole.proofs), *_times(found.whole))
    for day, figures in found.by_day:
        yield say(_("Day")), str(day), "", str(figures.proofs), *_times(figures)
    for hour, proofs in enumerate(found.by_hour):
        yield say(_("Hour of the day")), f"{hour:02}:00", "", str(proofs), *_NONE
    for kind, bars in (
        (say(_("Table")), found.tables(names, say)),
        (say(_("Packer")), found.packers(say)),
    ):
        for bar in bars:
            yield kind, csv_cells.text(bar.name), "", str(bar.value), *_NONE
    for one in found.missed():
        reason = say(words.REASONS[one.reason].text) if one.reason else ""
        state = say(words.STATES[one.state].text)
        yield say(_("Not in the chat")), state, reason, str(one.value), *_NONE


def _times(figures: Figures) -> tuple[str, str, str]:
    """How many arrived, and within how many seconds."""
    return str(figures.sent), _seconds(figures, MEDIAN), _seconds(figures, P95)


def _seconds(figures: Figures, share: float) -> str:
    took_s = figures.quantile_s(share)
    return "" if took_s is None else f"{took_s:.{1 if took_s < 10 else 0}f}"
