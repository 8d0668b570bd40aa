"""Connecting a shop: which channel, what is needed before, the keys of the app."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from cloud.accounts.roles import Deed
from cloud.dashboard.channels import channel_words
from cloud.dashboard.channels.authorizing import AUTHORIZE_PATH, callback_url
from cloud.dashboard.channels.listing import PATH
from cloud.dashboard.channels.places import Place, PlaceInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.offers import app_needs, offers
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.apps import KnownApp, known_app


class KeysForm(BaseModel):
    """The keys of an app. Empty secret: the one that is kept stays."""

    app_id: str = Field(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")
    app_secret: str = Field(default="", max_length=200, pattern=r"^[\x21-\x7e]*$", repr=False)
    push_secret: str = Field(default="", max_length=200, pattern=r"^[\x21-\x7e]*$", repr=False)
    service_id: str = Field(default="", max_length=80, pattern=r"^[\x21-\x7e]*$")


def connecting_routes(site: Site) -> APIRouter:
    """Routes of the steps before an authorization."""
    router = APIRouter()

    @router.get(f"{PATH}/connect")
    def choose(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.CONNECT_SHOPS))]
    ) -> Response:
        offered = offers(with_unproven=site.deps.authorizing.offers_unproven)
        return site.page(request, visitor, "channels/choose.html", offered=offered)

    @router.get(f"{PATH}/connect/{{channel}}/{{country}}/{{purpose}}")
    def prepare(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.CONNECT_SHOPS))],
        place: PlaceInPath,
    ) -> Response:
        return _keys_page(site, request, visitor, place)

    @router.post(f"{PATH}/connect/{{channel}}/{{country}}/{{purpose}}")
    def keep(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.CONNECT_SHOPS))],
        place: PlaceInPath,
        form: Annotated[KeysForm, Form()],
    ) -> Response:
        place.offer(site)
        keeps_old = not (form.app_secret or form.push_secret) and _is_known(
            site, visitor, place, form
        )
        if not _is_whole(place, form, keeps_old=keeps_old):
            return _keys_page(site, request, visitor, place, refused=True)
        if not keeps_old:
            site.deps.authorizing.enter_app(
                visitor.who.organisation_id,
                channel=place.channel,
                purpose=place.purpose,
                app=AppCredentials(
                    form.app_id,
                    form.app_secret,
                    push_secret=form.push_secret,
                    service_id=form.service_id,
                ),
            )
        address = AUTHORIZE_PATH.format(
            channel=place.channel, country=place.country, purpose=place.purpose.value
        )
        return RedirectResponse(address, 303)

    return router


def _is_known(site: Site, visitor: Visitor, place: Place, form: KeysForm) -> bool:
    with site.database.read(visitor.scope) as session:
        known = known_app(session, place.channel, place.purpose)
    return known == KnownApp(form.app_id, form.service_id)


def _is_whole(place: Place, form: KeysForm, *, keeps_old: bool) -> bool:
    has_service = bool(form.service_id) or not app_needs(place.channel).needs_service_id
    return has_service and (keeps_old or bool(form.app_secret))


def _keys_page(
    site: Site,
    request: Request,
    visitor: Visitor,
    place: Place,
    *,
    refused: bool = False,
) -> Response:
    offer = place.offer(site)
    steps = channel_words.STEPS.get((place.channel, place.purpose))
    if steps is None:
        raise HTTPException(404)
    with site.database.read(visitor.scope) as session:
        known = known_app(session, place.channel, place.purpose)
    where = (place.channel, place.country)
    return site.page(
        request,
        visitor,
        "channels/keys.html",
        status=422 if refused else 200,
        offer=offer,
        purpose=place.purpose,
        steps=steps,
        keys=channel_words.KEYS[place.channel],
        purpose_words=channel_words.PURPOSES,
        known=known,
        refused=refused,
        can_send=capabilities_of(*where).can_send_chat,
        cannot_send=channel_words.cannot_send(*where),
        callback=callback_url(site, place.channel),
    )
