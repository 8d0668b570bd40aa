"""The platform's refusals: code and status (marketplace-apis 3.2 to 3.5).

Which code goes with an ill-formed parameter is not documented for every call; what is an assumption
is said in docs/sandbox-tiktok.md.
"""

BAD_REQUEST = "36009004"
PATH_UNKNOWN = "36009009"
METHOD_UNKNOWN = "36009010"
BODY_FORMAT = "36009022"
CONTENT_TYPE = "36009023"
TOO_LARGE = "36009021"
TOO_FAST = "36009002"
INTERNAL = "36009003"

SIGN_WRONG = "106001"
CIPHER_MISSING = "106013"
TOKEN_UNKNOWN = "105001"  # noqa: S105  # an error's number
TOKEN_EXPIRED = "105002"  # noqa: S105  # an error's number
SCOPE_MISSING = "105005"
CIPHER_MISMATCH = "101000"

REFRESH_EXPIRED = "36004001"
CODE_INVALID = "36004004"
AUTHORIZATION_GONE = "36004005"

ORDER_PARAMETER = "10002014"
ORDER_OF_ANOTHER = "21008111"

CHAT_PARAMETER = "45101001"
CARD_CONDITIONS = "45101002"
CONVERSATION_UNKNOWN = "45101003"
DAILY_QUOTA = "45101004"
SENSITIVE = "45101006"
NO_PERMISSION = "45102007"
CONVERSATION_CLOSED = "45109001"
MAY_NOT_START = "45109003"
NOT_SUPPORTED = "45111001"

# Known for few of them; clients are to decide by the code.
_HTTP_STATUS = {
    SIGN_WRONG: 401,
    TOKEN_UNKNOWN: 401,
    TOKEN_EXPIRED: 401,
    SCOPE_MISSING: 401,
    CIPHER_MISMATCH: 401,
    TOO_FAST: 429,
    INTERNAL: 500,
    PATH_UNKNOWN: 404,
    METHOD_UNKNOWN: 405,
    TOO_LARGE: 413,
    BAD_REQUEST: 400,
    CIPHER_MISSING: 400,
    BODY_FORMAT: 400,
    CONTENT_TYPE: 400,
}


def http_status(code: str) -> int:
    """The status that goes with this code: 200 for what the rules of a call decide."""
    return _HTTP_STATUS.get(code, 200)
