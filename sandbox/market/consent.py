"""The seller's consent page: shown by a platform's links, answered by its form."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sandbox.market.entities import Id
from sandbox.market.refusal import Wording
from sandbox.pages.rendering import page


@dataclass(frozen=True)
class Choice:
    """An account the seller may choose; `value` comes back to the platform."""

    value: str
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Asked:
    """What an app asks a seller for. `returns` goes back to the app beside the answer."""

    app_id: Id
    app_name: str
    redirect: str
    choices: Sequence[Choice]
    cancels: bool = False
    returns: Mapping[str, str] | None = None


class ConsentDesk:
    """The pages that were shown and wait for the seller's answer."""

    def __init__(
        self, *, title: str, consented: Callable[[Asked, str], dict[str, str]], stale: Wording
    ) -> None:
        """`consented` does what the chosen value asks for, and gives the query of the redirect.

        It commits; it may raise Refusal.
        """
        self._title = title
        self._consented = consented
        self._stale = stale
        self._waiting: dict[str, Asked] = {}

    def show(self, asked: Asked) -> HTMLResponse:
        """The page; its form works once."""
        ticket = secrets.token_urlsafe(16)
        self._waiting[ticket] = asked
        return page("consent.html", title=self._title, ticket=ticket, asked=asked)

    def routes(self) -> APIRouter:
        """Where the page's form goes."""
        router = APIRouter()

        @router.post("/consent")
        async def consent(
            ticket: Annotated[str, Form()], account: Annotated[str, Form()]
        ) -> Response:
            asked = self._waiting.pop(ticket, None)
            if asked is None or account not in {choice.value for choice in asked.choices}:
                raise self._stale.refusal()
            values = self._consented(asked, account) | dict(asked.returns or {})
            return RedirectResponse(_with_query(asked.redirect, values), 303)

        return router


def is_web_address(redirect: str) -> bool:
    """Whether a seller can be sent there."""
    parts = urlsplit(redirect)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _with_query(address: str, values: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    joined = "&".join(filter(None, (parts.query, urlencode(values))))
    return urlunsplit(parts._replace(query=joined))
