"""Marketplace Platform Chat: which captured photos go to buyers, and in which shops."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from cloud.accounts.roles import Deed
from cloud.dashboard.channels import channel_words
from cloud.dashboard.channels.listing import shown_channels
from cloud.dashboard.guard import guard_words
from cloud.dashboard.guard.places import CHAT_PATH
from cloud.dashboard.guard.saving import save_switches
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.proofs.platforms import SENDING, Platform, Switch
from cloud.proofs.switches import is_webcam_entitled, switches


def chat_routes(site: Site) -> APIRouter:
    """Routes of the page and its form."""
    router = APIRouter()

    @router.get(CHAT_PATH)
    def chat(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_CHANNELS))],
        notice: str = "",
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            stands = switches(session)
            entitled = is_webcam_entitled(session)
            channels = shown_channels(session)
        return site.page(
            request,
            visitor,
            "guard/chat.html",
            platforms=guard_words.PLATFORMS,
            stands={platform: stands[switch] for platform, switch in SENDING.items()},
            usable={platform: entitled or platform is not Platform.WEBCAM for platform in Platform},
            said=guard_words.NOTICES.get(notice) or channel_words.NOTICES.get(notice),
            **channels,
        )

    @router.post(f"{CHAT_PATH}/platforms")
    def save(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.DECIDE_PLATFORMS))],
        on: Annotated[list[Platform] | None, Form()] = None,
    ) -> Response:
        """Keep which platforms send; leaving the page keeps nothing (S0-05, S0-06)."""
        with site.database.read(visitor.scope) as session:
            entitled = is_webcam_entitled(session)
        if not entitled and Platform.WEBCAM in (on or []):
            return RedirectResponse(f"{CHAT_PATH}?notice=not-entitled", 303)
        wanted = {
            switch: platform in (on or [])
            for platform, switch in SENDING.items()
            # What cannot be chosen keeps how it stood, for when it can be again.
            if entitled or switch is not Switch.SEND_WEBCAM
        }
        changed = save_switches(site.database, visitor, wanted)
        return RedirectResponse(f"{CHAT_PATH}?notice={'saved' if changed else 'unchanged'}", 303)

    return router
