"""Reports, and the shipped orders without a proof."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.reports.charts import chart, share
from cloud.dashboard.reports.days import MOST_DAYS, REPORTS_PATH, Days, read_days
from cloud.dashboard.reports.report import MEDIAN, P95, Report, report
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.fleet.queries import table_names
from cloud.reports.counting import counted, counted_at
from cloud.reports.unproven import MOST_COUNTED, count_unproven, unproven

UNPROVEN_PATH = f"{REPORTS_PATH}/without-proof"
MOST_LINES = 50
"""Of a table; the file has all."""
_PER_PAGE = 50
_MOST_PAGES = MOST_COUNTED // _PER_PAGE


def report_routes(site: Site) -> APIRouter:
    """Routes of the pages."""
    router = APIRouter()

    @router.get(REPORTS_PATH)
    def show(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_REPORTS))]
    ) -> Response:
        now = utc_now()
        days = days_of(request, visitor, now)
        with site.database.read(visitor.scope) as session:
            found = report(days, counted(session, days.since, days.until))
            names = names_of_tables(session)
            orders = count_unproven(session, days.since, days.until)
            upto = counted_at(session)
        say = visitor.language.translations.gettext
        return site.page(
            request,
            visitor,
            "reports/report.html",
            days=days,
            shortcuts=days.shortcuts(now.astimezone(visitor.zone).date()),
            report=found,
            tables=found.tables(names, say),
            packers=found.packers(say),
            missed=found.missed(),
            unproven=orders,
            most_counted=MOST_COUNTED,
            most_lines=MOST_LINES,
            most_days=MOST_DAYS,
            counted_at=upto,
            median=MEDIAN,
            p95=P95,
            by_hour=_hours(found),
            by_day=_days(found),
            share=share,
        )

    @router.get(UNPROVEN_PATH)
    def without_proof(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_REPORTS))],
        page: Annotated[int, Query(ge=1, le=_MOST_PAGES)] = 1,
    ) -> Response:
        days = days_of(request, visitor, utc_now())
        with site.database.read(visitor.scope) as session:
            orders = unproven(
                session,
                days.since,
                days.until,
                most=_PER_PAGE + 1,
                offset=(page - 1) * _PER_PAGE,
            )
        return site.page(
            request,
            visitor,
            "reports/unproven.html",
            days=days,
            orders=orders[:_PER_PAGE],
            page=page,
            has_more=len(orders) > _PER_PAGE,
            is_last=page == _MOST_PAGES,
        )

    return router


def days_of(request: Request, visitor: Visitor, now: datetime) -> Days:
    """The days that an address is about, in the reader's time zone."""
    today = now.astimezone(visitor.zone).date()
    return read_days(request.query_params, visitor.zone, today)


def names_of_tables(session: Session) -> dict[int, str]:
    """Of all tables, also those that are retired."""
    return dict(table_names(session)) | dict(table_names(session, retired=True))


def _hours(found: Report) -> object:
    return chart([f"{hour:02}" for hour in range(24)], found.by_hour)


def _days(found: Report) -> object:
    labels = [f"{day:%m-%d}" for day, _figures in found.by_day]
    return chart(labels, [figures.proofs for _day, figures in found.by_day])
