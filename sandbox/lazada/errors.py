"""Lazada's refusals: codes and their kind (marketplace-apis 2.2 to 2.5)."""

from sandbox.market.refusal import Refusal

INVALID_API_PATH = "InvalidApiPath"
MISSING_PARAMETER = "MissingParameter"
INVALID_PARAMETER = "InvalidParameter"
INVALID_APP_KEY = "InvalidAppKey"
ILLEGAL_TIMESTAMP = "IllegalTimestamp"
INCOMPLETE_SIGNATURE = "IncompleteSignature"
ILLEGAL_ACCESS_TOKEN = "IllegalAccessToken"  # noqa: S105  # an error's name
ILLEGAL_REFRESH_TOKEN = "IllegalRefreshToken"  # noqa: S105  # an error's name
AUTH_TYPE_UNSUPPORTED = "AUTH_TYPE_UNSUPPORTED"
INVALID_CODE = "InvalidCode"
INSUFFICIENT_PERMISSION = "InsufficientPermission"
SELLER_NOT_VERIFIED = "SellerNotVerified"
SELLER_NOT_ACTIVE = "SellerNotActive"
API_CALL_LIMIT = "ApiCallLimit"
SERVICE_TIMEOUT = "ServiceTimeout"
UNKNOWN_RUNTIME_EXCEPTION = "UnknownRuntimeException"

# Of orders
INVALID_ORDER_ID = "16"
BAD_DATE = "17"
BAD_OFFSET = "14"
BAD_LIMIT = "19"
BAD_STATUS = "36"
BAD_SORT_DIRECTION = "74"
BAD_SORT_FIELD = "75"

# Of pictures
PICTURE_EMPTY = "30"
PICTURE_FAILED = "300"
PICTURE_NOT_SUPPORTED = "302"
PICTURE_TOO_LARGE = "303"

# Of chats; only the first is documented, the others say here what is not.
ORDER_TOO_OLD = "-22"
NO_SUCH_SESSION = "-11"
NO_SUCH_MESSAGE = "-12"
RECALL_TOO_LATE = "-13"

_SYSTEM = frozenset({SERVICE_TIMEOUT, UNKNOWN_RUNTIME_EXCEPTION, "HttpConnectError", "500", "1000"})


class ImRefusal(Refusal):
    """A refusal by the chat's rules: the call as such succeeded, and `err_code` says no."""


def kind_of(code: str) -> str:
    """ISV: our request; ISP: the business service; SYSTEM: the platform."""
    if code in _SYSTEM:
        return "SYSTEM"
    return "ISP" if code.lstrip("-").isdigit() else "ISV"
