"""The checks before any business, in the order of marketplace-apis 4.5."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.market.parameters import is_whole
from sandbox.market.receiving import Received
from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors, tokens
from sandbox.tiktok.endpoint import Endpoint
from sandbox.tiktok.entities import App, Authorization, Shop
from sandbox.tiktok.signing import is_signature, signature
from sandbox.tiktok.world import World

TOKEN_HEADER = "x-tts-access-token"  # noqa: S105  # a header's name


@dataclass(frozen=True)
class Caller:
    """Who calls, once app, signature and token are good; nobody at the token host."""

    app: App | None = None
    authorization: Authorization | None = None
    shop: Shop | None = None


def find(endpoints: Iterable[Endpoint], received: Received) -> tuple[Endpoint, Mapping[str, str]]:
    """Step 1: path and method, and the ids in the path."""
    at_path = [
        (endpoint, matched)
        for endpoint in endpoints
        if (matched := endpoint.pattern.fullmatch(received.path))
    ]
    if not at_path:
        raise Refusal(errors.PATH_UNKNOWN, "Invalid path.")
    for endpoint, matched in at_path:
        if endpoint.method == received.method:
            return endpoint, matched.groupdict()
    raise Refusal(errors.METHOD_UNKNOWN, "Invalid HTTP method.")


def admit(world: World, endpoint: Endpoint, received: Received) -> Caller:
    """Steps 2 to 5. Raises Refusal at the first step that fails."""
    if endpoint.signed == "nobody":
        return Caller()
    app = _app(world, received)
    _check_timestamp(world, received)
    _check_content_type(endpoint, received)
    _check_sign(app, received)
    token = received.headers.get(TOKEN_HEADER, "")
    if not token:
        raise Refusal(errors.BAD_REQUEST, f"The header {TOKEN_HEADER} is missing.")
    authorization = tokens.admit(world, app, token)
    shop = _shop(world, authorization, received) if endpoint.signed == "shop" else None
    if endpoint.scope and endpoint.scope not in authorization.scopes:
        raise Refusal(
            errors.SCOPE_MISSING, f"Access denied: the scope {endpoint.scope} is missing."
        )
    return Caller(app, authorization, shop)


def _common(received: Received, name: str) -> str:
    value = received.query.get(name, "")
    if isinstance(value, list):
        raise Refusal(errors.BAD_REQUEST, f"{name} is given twice.")
    if not value:
        raise Refusal(errors.BAD_REQUEST, f"{name} is missing.")
    return value


def _app(world: World, received: Received) -> App:
    app = world.apps.get(_common(received, "app_key"))
    if app is None:
        raise Refusal(errors.BAD_REQUEST, "Invalid app_key.")
    return app


def _check_timestamp(world: World, received: Received) -> None:
    timestamp = _common(received, "timestamp")
    if not is_whole(timestamp) or len(timestamp) != 10:
        raise Refusal(errors.BAD_REQUEST, "Invalid timestamp: 10 digits are wanted.")
    age_s = world.clock.request_now() - int(timestamp)
    limits = world.limits
    if not -limits.timestamp_future_s <= age_s <= limits.timestamp_past_s:
        raise Refusal(errors.BAD_REQUEST, "Invalid timestamp: it is too old or in the future.")


def _check_content_type(endpoint: Endpoint, received: Received) -> None:
    if endpoint.takes_file:
        if not received.is_multipart:
            raise Refusal(errors.CONTENT_TYPE, "The content-type must be multipart/form-data.")
    elif received.body and not received.content_type.startswith("application/json"):
        raise Refusal(errors.CONTENT_TYPE, "The content-type must be application/json.")


def _check_sign(app: App, received: Received) -> None:
    sign = _common(received, "sign")
    body = b"" if received.is_multipart else received.body
    wanted = signature(app.app_secret, received.path, received.query, body)
    if not is_signature(sign, wanted):
        raise Refusal(errors.SIGN_WRONG, "The signature is wrong.")


def _shop(world: World, authorization: Authorization, received: Received) -> Shop:
    cipher = received.query.get("shop_cipher", "")
    if not cipher:
        raise Refusal(errors.CIPHER_MISSING, "shop_cipher is missing.")
    for shop in world.shops_of(authorization.seller_id):
        if shop.cipher == cipher:
            return shop
    raise Refusal(errors.CIPHER_MISMATCH, "The access token does not match the shop_cipher.")
