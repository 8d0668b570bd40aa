"""Who looks at a page: read from the cookies of a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import Request, Response

from cloud.accounts.devices import REMEMBERED_FOR
from cloud.accounts.roles import Deed, may
from cloud.accounts.service import SIGN_IN_LASTS, SignedIn
from cloud.accounts.signing_in import SignIns
from cloud.accounts.steps import STEP_LASTS
from cloud.dashboard.formats import zone_named
from cloud.dashboard.languages import Language, preferred
from cloud.database.base import utc_now
from cloud.database.scope import Scope, scoped
from cloud.database.sight import Sight
from cloud.proofs.platforms import browser_devices
from cloud.proofs.shift import Shift, shift_of

SESSION_COOKIE = "packwitness-session"
LANGUAGE_COOKIE = "packwitness-language"
ZONE_COOKIE = "packwitness-zone"
"""Name of the browser's time zone, set by app.js."""
DEVICE_COOKIE = "packwitness-device"
"""Of a browser that is not asked for a code."""
STEP_COOKIE = "packwitness-step"
"""Of a browser that showed the right password and has to show a code."""
CODE_PATH = "/sign-in/code"
ACCOUNT_PATH = "/account"
_OPEN_WITHOUT_CODE = (ACCOUNT_PATH, "/sign-in", "/sign-out", "/language")
_A_YEAR_S = 365 * 24 * 3600
# A path of ours: no scheme, no other host ("//", also with the backslash that browsers read so).
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


class SignInNeeded(Exception):
    """Nobody is signed in; ``back_to`` is where the person wanted to go."""

    def __init__(self, back_to: str) -> None:
        super().__init__("sign in first")
        self.back_to = back_to


class CodeNeeded(SignInNeeded):
    """The organisation requires a verification code, and the member has to set one up first."""


class NotAllowed(Exception):
    """The member's role does not let them do this."""

    def __init__(self, visitor: "Visitor", deed: Deed) -> None:
        super().__init__(f"{visitor!r} may not {deed}")
        self.visitor = visitor
        self.deed = deed


@dataclass(frozen=True, slots=True)
class Reader:
    """How somebody reads pages, signed in or not."""

    language: Language
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Visitor(Reader):
    """A member who is signed in."""

    who: SignedIn
    token: str

    def __repr__(self) -> str:
        return f"Visitor(member {self.who.member_id})"

    def may(self, deed: Deed) -> bool:
        """Whether the member's role, and the shops that they see, let them do this."""
        return may(self.who.role, deed, sees_all_shops=self.who.shops is None)

    @property
    def shift(self) -> Shift | None:
        """What of their organisation's proofs they may see now; None: all of them."""
        if self.may(Deed.SEE_ALL_PROOFS):
            return None
        return shift_of(self.who.email, utc_now())

    @property
    def scope(self) -> Scope:
        """What the member may see: the organisation, or their shops in it."""
        return scoped(self.who.organisation_id, self.sight)

    @property
    def sight(self) -> Sight | None:
        """The part of the organisation that the member sees; None: all of it."""
        if self.who.shops is None:
            return None
        return Sight(self.who.shops, frozenset(browser_devices(self.who.member_id).values()))


class Visitors:
    """Recognises visitors by their cookies."""

    def __init__(self, sign_ins: SignIns, languages: Mapping[str, Language], *, secure: bool):
        self._sign_ins = sign_ins
        self._languages = languages
        self._secure = secure

    def signed_in(self, request: Request) -> Visitor:
        """The member behind a request.

        Raises:
            SignInNeeded: nobody is signed in with this browser.
            CodeNeeded: the member has to set up a verification code first.
        """
        token = request.cookies.get(SESSION_COOKIE, "")
        who = self._sign_ins.who(token) if token else None
        if who is None:
            raise SignInNeeded(asked_path(request))
        if who.must_set_up_code and not _is_open_without_code(request.url.path):
            raise CodeNeeded(asked_path(request))
        language = self._languages.get(who.language) or self.reader(request).language
        return Visitor(language=language, zone=_zone(request), who=who, token=token)

    def reader(self, request: Request) -> Reader:
        """How to answer somebody of whom only the browser is known."""
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        if chosen not in self._languages:
            header = request.headers.get("accept-language", "")
            chosen = preferred(header, list(self._languages))
        return Reader(self._languages[chosen], _zone(request))

    def remember_sign_in(self, response: Response, token: str) -> None:
        """Give the browser its token."""
        response.set_cookie(
            SESSION_COOKIE,
            token,
            max_age=int(SIGN_IN_LASTS.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def remember_step(self, response: Response, token: str) -> None:
        """Give the browser what it needs to show a code with, and nothing else."""
        response.set_cookie(
            STEP_COOKIE,
            token,
            max_age=int(STEP_LASTS.total_seconds()),
            path=CODE_PATH,
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def forget_step(self, response: Response) -> None:
        """It has shown one."""
        response.delete_cookie(
            STEP_COOKIE, path=CODE_PATH, httponly=True, samesite="lax", secure=self._secure
        )

    def remember_device(self, response: Response, token: str) -> None:
        """Let the browser do without a code for a while. It stays there after signing out."""
        response.set_cookie(
            DEVICE_COOKIE,
            token,
            max_age=int(REMEMBERED_FOR.total_seconds()),
            path="/sign-in",
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def remember_language(self, response: Response, tag: str) -> None:
        """Keep a chosen language with the browser, for the pages before the sign-in."""
        response.set_cookie(
            LANGUAGE_COOKIE,
            tag,
            max_age=_A_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def forget(self, response: Response) -> None:
        """Take the token back from the browser."""
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=self._secure)


def asked_path(request: Request) -> str:
    """Path and query of a request, if it is one that can be gone back to."""
    query = f"?{request.url.query}" if request.url.query else ""
    return own_path(f"{request.url.path}{query}") if request.method == "GET" else "/"


def _is_open_without_code(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _OPEN_WITHOUT_CODE)


def own_path(address: str) -> str:
    """The address when it leads to a page of ours, else the start page."""
    return address if _OWN_PATH.fullmatch(address) else "/"


def _zone(request: Request) -> ZoneInfo:
    return zone_named(request.cookies.get(ZONE_COOKIE, ""))
