"""How long photos are kept, what that deletes before it does, and what it deleted."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.privacy.retention_words import CAUSES, FIXED, NOTICES
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.privacy.decisions import Rule, decide, rule_of
from cloud.privacy.due import Forecast, forecast
from cloud.privacy.errors import NotSoManyDays
from cloud.privacy.kinds import (
    LEAST_DAYS,
    MOST_DAYS,
    TAKEN_BACK_WITHIN,
    USUAL_DAYS,
    Kind,
    cut_off,
    longer,
)
from cloud.privacy.runs import count_leaving, newest_runs

logger = logging.getLogger(__name__)

PATH = "/privacy"
SHOWN_AHEAD = timedelta(days=7)
"""What is due so soon is shown before it goes."""
LOOKED_AT = 500
"""Photos that the page looks at, one by one; more are said to be more."""
LOOKED_AT_WHEN_ASKED = 20_000
"""The same for who asks what another rule would delete, and waits a second for it."""
FOR_EVER = "for-ever"
_DAYS_PATTERN = f"^([0-9]{{1,5}}|{FOR_EVER})$"


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a rule deletes until a time."""

    until: datetime
    found: Forecast | None
    """None: nothing, for it keeps everything."""


def retention_routes(site: Site) -> APIRouter:
    """Routes of the page, and of changing what it says."""
    router = APIRouter()
    decider = Depends(site.who_may(Deed.DECIDE_RETENTION))

    @router.get(PATH)
    def show(request: Request, visitor: Annotated[Visitor, decider]) -> Response:
        now = utc_now()
        with site.database.read(visitor.scope) as session:
            rule = rule_of(session, Kind.PHOTOS, now)
            ahead = _ahead(session, rule.days_now, now + SHOWN_AHEAD, LOOKED_AT)
            runs = newest_runs(session)
            leaving = count_leaving(session)
        return site.page(
            request,
            visitor,
            "privacy/retention.html",
            rule=rule,
            ahead=ahead,
            runs=runs,
            leaving=leaving,
            fixed=FIXED,
            causes=CAUSES,
            usual_days=USUAL_DAYS[Kind.PHOTOS],
            least_days=LEAST_DAYS,
            most_days=MOST_DAYS,
            looked_at=LOOKED_AT,
            said=NOTICES.get(request.query_params.get("notice", "")),
        )

    @router.get(f"{PATH}/photos")
    def ask(
        request: Request,
        visitor: Annotated[Visitor, decider],
        days: Annotated[str, Query(pattern=_DAYS_PATTERN)],
    ) -> Response:
        """What another rule would delete, before anybody decides."""
        wanted, now = _read_days(days), utc_now()
        with site.database.read(visitor.scope) as session:
            rule = rule_of(session, Kind.PHOTOS, now)
            begins_at = _begins_at(rule, wanted, now)
            ahead = _ahead(session, wanted, begins_at, LOOKED_AT_WHEN_ASKED)
        if wanted is not None and not LEAST_DAYS <= wanted <= MOST_DAYS:
            return _back("not-so-many-days")
        return site.page(
            request,
            visitor,
            "privacy/change.html",
            rule=rule,
            days=wanted,
            ahead=ahead,
            begins_at=begins_at,
            looked_at=LOOKED_AT_WHEN_ASKED,
            answer=FOR_EVER if wanted is None else wanted,
        )

    @router.post(f"{PATH}/photos")
    def change(
        visitor: Annotated[Visitor, decider],
        days: Annotated[str, Form(pattern=_DAYS_PATTERN)],
    ) -> Response:
        wanted, now = _read_days(days), utc_now()

        def unit(session: Session) -> None:
            decide(session, Kind.PHOTOS, wanted, member_id=visitor.who.member_id, now=now)

        try:
            site.database.write(unit, visitor.scope)
        except NotSoManyDays:
            return _back("not-so-many-days")
        logger.info("retention decided: photos %s", days, extra={"member": visitor.who.member_id})
        return _back("decided")

    return router


def _ahead(session: Session, days: int | None, until: datetime, most: int) -> Ahead:
    older_than = cut_off(days, until)
    return Ahead(until, forecast(session, older_than, most) if older_than else None)


def _begins_at(rule: Rule, wanted: int | None, now: datetime) -> datetime:
    """When the first photos go by another rule: later where it lets go of more."""
    is_longer = longer(wanted, rule.days_now) == wanted
    return now if is_longer else now + TAKEN_BACK_WITHIN


def _read_days(text: str) -> int | None:
    return None if text == FOR_EVER else int(text)


def _back(notice: str) -> Response:
    return RedirectResponse(f"{PATH}?notice={notice}", 303)
