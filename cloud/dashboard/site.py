"""What all routes share: who looks, and how a page is made for them."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from cloud.accounts.passwords_by_mail import PasswordsByMail
from cloud.accounts.roles import Deed
from cloud.accounts.signing_in import SignIns
from cloud.dashboard.assets import Assets
from cloud.dashboard.audit_trail import remember_visitor
from cloud.dashboard.deps import DashboardDeps
from cloud.dashboard.languages import load_languages
from cloud.dashboard.live import LiveNews
from cloud.dashboard.rendering import Pages
from cloud.dashboard.visitors import NotAllowed, Reader, Visitor, Visitors, asked_path

_NOT_KEPT = {"Cache-Control": "no-store"}


class Gate:
    """Lets in the members whose role allows one deed."""

    def __init__(self, site: "Site", deed: Deed) -> None:
        self._site = site
        self.deed = deed

    def __call__(self, request: Request) -> Visitor:
        """The member who asks. Raises SignInNeeded, NotAllowed."""
        visitor = self._site.visitor(request)
        remember_visitor(request, visitor, self.deed)
        if not visitor.may(self.deed):
            raise NotAllowed(visitor, self.deed)
        return visitor


class Site:
    """The parts that the routes of the pages work with."""

    def __init__(self, deps: DashboardDeps) -> None:
        self.deps = deps
        self.database = deps.database
        self.languages = load_languages()
        self.assets = Assets()
        self.sign_ins = SignIns(deps.database, deps.box)
        self.passwords_by_mail = PasswordsByMail(deps.database, deps.mails)
        self.visitors = Visitors(self.sign_ins, self.languages, secure=deps.is_secure)
        self.live = LiveNews(deps.feed, deps.on_death)
        self._pages = Pages(self.assets, self.languages)

    def visitor(self, request: Request) -> Visitor:
        """The member who asks; for FastAPI's Depends. Raises SignInNeeded."""
        visitor = self.visitors.signed_in(request)
        remember_visitor(request, visitor)
        return visitor

    def who_may(self, deed: Deed) -> "Gate":
        """For FastAPI's Depends, at each route that shows or changes something."""
        return Gate(self, deed)

    def page(
        self,
        request: Request,
        reader: Reader,
        template: str,
        *,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """A whole page, or a part of one, for a reader."""
        html = self._pages.render(
            template,
            reader,
            who=reader.who if isinstance(reader, Visitor) else None,
            may=_may(reader),
            here=asked_path(request),
            path=request.url.path,
            **values,
        )
        return HTMLResponse(html, status, headers=_NOT_KEPT)


def _may(reader: Reader) -> Callable[[str], bool]:
    """For templates: whether to show what leads to a deed, by the deed's name."""
    if not isinstance(reader, Visitor):
        return lambda _deed: False
    return lambda deed: reader.may(Deed(deed))
