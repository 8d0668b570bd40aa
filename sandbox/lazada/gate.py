"""The checks before any business, in the order of marketplace-apis 4.5."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.lazada import errors, tokens
from sandbox.lazada.endpoint import Endpoint
from sandbox.lazada.entities import App, Authorization, Shop
from sandbox.lazada.signing import is_signed_by, sign, signed_pairs
from sandbox.lazada.world import World
from sandbox.market.parameters import Query, is_whole
from sandbox.market.receiving import Received, form_body, read_parts
from sandbox.market.refusal import Refusal

FORM = "application/x-www-form-urlencoded"
SIGN_METHOD = "sha256"
# The host of a call says for which country's shop of an account it is.
_HOSTS = {
    "lazada.sg": "SG",
    "lazada.co.th": "TH",
    "lazada.com.my": "MY",
    "lazada.vn": "VN",
    "lazada.com.ph": "PH",
    "lazada.co.id": "ID",
}


@dataclass(frozen=True, repr=False)
class SignedRequest:
    """All parameters of a call, wherever they stood, and a body that is no form.

    `path` is without /rest.
    """

    path: str
    values: Query
    host: str
    raw_body: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def parameter(self, name: str) -> str:
        """A common parameter that must be there, exactly as received."""
        value = self.values.get(name, "")
        first = value[0] if isinstance(value, list) else value
        if not first:
            raise Refusal(errors.MISSING_PARAMETER, f"The parameter '{name}' is not supplied")
        return first


@dataclass(frozen=True)
class Caller:
    """Who calls, once app, signature and token are good."""

    app: App
    shop: Shop | None = None
    authorization: Authorization | None = None


async def signed_request(received: Received, path: str) -> SignedRequest:
    """The parameters of query and form together; real clients put those of a POST into either."""
    values, files, raw_body = dict(received.query), {}, received.body
    if received.is_multipart:
        parts = await read_parts(received, error=errors.INVALID_PARAMETER)
        values, files, raw_body = _merged(values, parts.values), parts.files, b""
    elif received.content_type.startswith(FORM):
        form = form_body(received, error=errors.INVALID_PARAMETER)
        values, raw_body = _merged(values, form), b""
    host = received.headers.get("host", "").partition(":")[0]
    return SignedRequest(path, values, host, raw_body, files)


def admit(world: World, request: SignedRequest, endpoint: Endpoint) -> Caller:
    """Steps 2 to 4. Raises Refusal at the first step that fails."""
    app = world.apps.get(request.parameter("app_key"))
    if app is None:
        raise Refusal(errors.INVALID_APP_KEY, "The specified App Key is invalid")
    _check_timestamp(world, request)
    if request.parameter("sign_method") != SIGN_METHOD:
        raise Refusal(errors.INVALID_PARAMETER, "The specified parameter 'sign_method' is invalid")
    _check_signature(request, app)
    if endpoint.group == "auth":
        return Caller(app)
    token = tokens.admit(world, app.app_key, request.parameter("access_token"))
    shop = _shop_for(world, token.shop_ids, request.host)
    return Caller(app, shop, world.authorizations.get(f"{app.app_key}/{shop.shop_id}"))


def check_scope(world: World, caller: Caller, endpoint: Endpoint) -> None:
    """Step 5: what the app's category and the shop's state allow."""
    app, group = caller.app, endpoint.group
    if group == "im" and not app.may_chat:
        # Reported: an app for orders is told that its token is wrong.
        raise Refusal(errors.ILLEGAL_ACCESS_TOKEN, "The specified access token is invalid")
    if (group == "orders" and not app.may_read_orders) or (
        group == "media" and not app.may_read_orders and not world.limits.im_apps_may_upload
    ):
        raise Refusal(errors.INSUFFICIENT_PERMISSION, "The app has no permission for this API")
    if caller.shop is not None:
        _check_shop(caller.shop)
    withdrawn = caller.authorization is not None and caller.authorization.list_reads_withdrawn
    if endpoint.is_list and withdrawn:
        raise Refusal(
            errors.INSUFFICIENT_PERMISSION, "The permission was withdrawn: lists were polled"
        )


def _check_shop(shop: Shop) -> None:
    if shop.status == "UNVERIFIED":
        raise Refusal(errors.SELLER_NOT_VERIFIED, "The seller is not verified")
    if shop.status == "INACTIVE":
        raise Refusal(errors.SELLER_NOT_ACTIVE, "The seller is not active")


def _check_timestamp(world: World, request: SignedRequest) -> None:
    timestamp = request.parameter("timestamp")
    distance_s = (
        abs(world.clock.request_now() - int(timestamp) / 1000) if is_whole(timestamp) else None
    )
    if distance_s is None or distance_s > world.limits.timestamp_window_s:
        raise Refusal(errors.ILLEGAL_TIMESTAMP, "The specified timestamp is expired or invalid")


def _check_signature(request: SignedRequest, app: App) -> None:
    given, pairs = request.parameter("sign"), signed_pairs(request.values)
    # A client was seen to send a JSON body beside the query without signing it.
    bodies = {request.raw_body, b""}
    if not any(
        is_signed_by(given, sign(app.app_secret, request.path, pairs, body)) for body in bodies
    ):
        raise Refusal(
            errors.INCOMPLETE_SIGNATURE,
            "The request signature does not conform to platform standards",
        )


def _shop_for(world: World, shop_ids: list[str], host: str) -> Shop:
    shops = [shop for one in shop_ids if (shop := world.shops.get(one))]
    if not shops:
        raise Refusal(errors.ILLEGAL_ACCESS_TOKEN, "The specified access token is invalid")
    region = next((name for end, name in _HOSTS.items() if host.endswith(end)), None)
    return next((shop for shop in shops if shop.region == region), shops[0])


def _merged(query: Query, form: Query) -> Query:
    merged = dict(query)
    for name, value in form.items():
        earlier = merged.get(name)
        both = [*_as_list(earlier), *_as_list(value)] if earlier is not None else value
        merged[name] = both
    return merged


def _as_list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
