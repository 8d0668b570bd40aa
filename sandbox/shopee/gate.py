"""The checks before any business, in the order of marketplace-apis 4.5."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.market.parameters import is_whole
from sandbox.market.refusal import Refusal
from sandbox.shopee import errors, tokens
from sandbox.shopee.endpoint import Endpoint, SignedFor
from sandbox.shopee.entities import App, Shop
from sandbox.shopee.signing import is_signed_by
from sandbox.shopee.world import World

# Chat sending is closed in Taiwan (1.2); no error name is documented for it.
REGIONS_WITHOUT_SENDING = frozenset({"TW"})


@dataclass(frozen=True)
class Caller:
    """Who calls, once app, signature and token are good."""

    app: App
    shop: Shop | None = None
    merchant_id: int | None = None


@dataclass(frozen=True)
class SignedRequest:
    """What the checks look at: the path as received, and the query."""

    path: str
    query: Mapping[str, str | list[str]]

    def parameter(self, name: str) -> str:
        """A common parameter that must be there, exactly as received."""
        value = self.query.get(name, "")
        first = value[0] if isinstance(value, list) else value
        if not first:
            raise Refusal(errors.ERROR_PARAM, f"There is no {name} in query.")
        return first


def admit(world: World, request: SignedRequest, signed_for: SignedFor) -> Caller:
    """Steps 2 to 4. Raises Refusal at the first step that fails."""
    app = _app(world, request)
    timestamp = _timestamp(world, request)
    sign = request.parameter("sign")
    signed = [request.parameter("partner_id"), request.path, timestamp]
    if signed_for != "public":
        signed += [request.parameter("access_token"), request.parameter(f"{signed_for}_id")]
    if not is_signed_by(sign, app.partner_key, *signed):
        raise Refusal(errors.ERROR_SIGN, "Wrong sign.")
    if signed_for == "public":
        return Caller(app)
    return _with_token(world, request, app, signed_for)


def check_scope(endpoint: Endpoint, caller: Caller) -> None:
    """Step 5: what the app's category and the shop's state and region allow."""
    if endpoint.chat and not caller.app.may_chat:
        raise Refusal(errors.ERROR_PERMISSION, "No permission to current api.")
    if caller.shop is None:
        return
    if caller.shop.status == "BANNED":
        raise Refusal(errors.SHOP_BANNED, "The shop is banned.")
    if endpoint.sends and caller.shop.region in REGIONS_WITHOUT_SENDING:
        raise Refusal(errors.ERROR_PERMISSION, "Sending chat messages is closed in this region.")


def _app(world: World, request: SignedRequest) -> App:
    app = world.apps.get(request.parameter("partner_id"))
    if app is None:
        raise Refusal(errors.ERROR_PARAM, "Invalid partner_id.")
    if app.suspended:
        raise Refusal(errors.API_SUSPENDED, "The app is suspended.")
    if app.key_expired:
        raise Refusal(errors.ERROR_PARTNER_KEY_EXPIRED, "The partner key has expired.")
    return app


def _timestamp(world: World, request: SignedRequest) -> str:
    timestamp = request.parameter("timestamp")
    if not is_whole(timestamp):
        raise Refusal(errors.ERROR_PARAM, "Invalid timestamp.")
    distance_s = abs(world.clock.request_now() - int(timestamp))
    if distance_s > world.limits.timestamp_window_s:
        raise Refusal(errors.ERROR_PARAM, "Timestamp is expired.")
    return timestamp


def _with_token(world: World, request: SignedRequest, app: App, signed_for: SignedFor) -> Caller:
    identity = request.parameter(f"{signed_for}_id")
    if not is_whole(identity):
        raise Refusal(errors.ERROR_PARAM, f"Invalid {signed_for}_id.")
    token = request.parameter("access_token")
    if signed_for == "merchant":
        subject = tokens.merchant_subject(int(identity))
        tokens.admit(world, partner_id=app.partner_id, subject=subject, token=token)
        return Caller(app, merchant_id=int(identity))
    subject = tokens.shop_subject(int(identity))
    tokens.admit(world, partner_id=app.partner_id, subject=subject, token=token)
    return Caller(app, shop=world.shops.get(int(identity)))
