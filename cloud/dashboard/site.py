"""What all routes share: who looks, and how a page is made for them."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from cloud.accounts.signing_in import SignIns
from cloud.dashboard.assets import Assets
from cloud.dashboard.deps import DashboardDeps
from cloud.dashboard.languages import load_languages
from cloud.dashboard.live import LiveNews
from cloud.dashboard.rendering import Pages
from cloud.dashboard.visitors import Reader, Visitor, Visitors, asked_path

_NOT_KEPT = {"Cache-Control": "no-store"}


class Site:
    """The parts that the routes of the pages work with."""

    def __init__(self, deps: DashboardDeps) -> None:
        self.deps = deps
        self.database = deps.database
        self.languages = load_languages()
        self.assets = Assets()
        self.sign_ins = SignIns(deps.database)
        self.visitors = Visitors(self.sign_ins, self.languages, secure=deps.is_secure)
        self.live = LiveNews(deps.feed, deps.on_death)
        self._pages = Pages(self.assets, self.languages)

    def visitor(self, request: Request) -> Visitor:
        """The member who asks; for FastAPI's Depends. Raises SignInNeeded."""
        return self.visitors.signed_in(request)

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
            here=asked_path(request),
            path=request.url.path,
            **values,
        )
        return HTMLResponse(html, status, headers=_NOT_KEPT)
