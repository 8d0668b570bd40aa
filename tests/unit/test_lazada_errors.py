"""What every documented error name of Lazada means for us."""

import pytest

from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    NotFound,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    TokenRejected,
    TransientError,
)
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.lazada.errors import classify
from tests.support.lazada_answers import lazada

AUTH = FailureClass.AUTHORIZATION
OTHER = FailureClass.OTHER
CONTENT = FailureClass.REFUSED_CONTENT
OUTAGE = FailureClass.OUTAGE
RATE = FailureClass.RATE_LIMIT
BAN = "The request is too frequent, this ban will last 7 seconds"

Row = tuple[str, str, type[MarketplaceError], FailureClass]
# Names that mean the same whatever was asked.
ANY_CALL: list[Row] = [
    ("IncompleteSignature", "", AuthorizationEnded, AUTH),
    ("InvalidAppKey", "", AuthorizationEnded, AUTH),
    ("InsufficientPermission", "", AuthorizationEnded, AUTH),
    ("AppWhiteIpLimit", "", AuthorizationEnded, AUTH),
    ("AUTH_TYPE_UNSUPPORTED", "", AuthorizationEnded, AUTH),
    ("IllegalRefreshToken", "", AuthorizationEnded, AUTH),
    ("InvalidCode", "", AuthorizationEnded, AUTH),
    ("SellerNotVerified", "", AuthorizationEnded, AUTH),
    ("SellerNotActive", "", AuthorizationEnded, AUTH),
    ("IllegalTimestamp", "", TransientError, OTHER),
    ("ApiCallLimit", BAN, RateLimited, RATE),
    ("AppCallLimit", "", RateLimited, RATE),
    ("SellerCallLimit", "", RateLimited, RATE),
    ("901", "", RateLimited, RATE),
    ("MissingParameter", "", PermanentError, OTHER),
    ("InvalidParameter", "", PermanentError, OTHER),
    ("InvalidApiPath", "", PermanentError, OTHER),
    ("16", "", NotFound, OTHER),
    ("6", "", PermanentError, OTHER),
    ("14", "", PermanentError, OTHER),
    ("17", "", PermanentError, OTHER),
    ("19", "", PermanentError, OTHER),
    ("36", "", PermanentError, OTHER),
    ("74", "", PermanentError, OTHER),
    ("75", "", PermanentError, OTHER),
    ("30", "", PermanentError, CONTENT),
    ("302", "", PermanentError, CONTENT),
    ("303", "", PermanentError, CONTENT),
    ("-22", "order out of day limit: 30", PermanentError, FailureClass.WINDOW_CLOSED),
    ("NobodyDocumentedIt", "", PermanentError, OTHER),
    ("InvalidParameter", "The session does not exist", NotFound, OTHER),
    ("SessionNotFound", "", NotFound, OTHER),
    ("NobodyDocumentedIt", "5 messages limit", PermanentError, FailureClass.MESSAGE_LIMIT),
    (
        "NobodyDocumentedIt",
        "Only 5 messages before the buyer replies",
        PermanentError,
        FailureClass.MESSAGE_LIMIT,
    ),
    ("NobodyDocumentedIt", "You have exceeded the maximum", PermanentError, OTHER),
    ("MessageLimitExceeded", "", PermanentError, FailureClass.MESSAGE_LIMIT),
    ("NobodyDocumentedIt", "message length exceeds the limit", PermanentError, OTHER),
]
FAULTS = [
    "ServiceTimeout",
    "HttpConnectError",
    "UnknownRuntimeException",
    "300",
    "500",
    "501",
    "1000",
    "SystemIsBusy",
]


@pytest.mark.parametrize("row", ANY_CALL)
@pytest.mark.parametrize("call", list(Call))
@pytest.mark.parametrize("error_type", ["ISV", "ISP", ""])
def test_a_name_has_its_type_and_class(row: Row, call: Call, error_type: str) -> None:
    name, detail, kind, failure = row
    error = classify(name, detail, call=call, error_type=error_type)
    assert (type(error), error.failure, error.name, error.detail) == (kind, failure, name, detail)


@pytest.mark.parametrize(
    ("name", "error_type"), [*[(n, "ISP") for n in FAULTS], ("Oops", "SYSTEM")]
)
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (Call.SAFE, TransientError),
        (Call.SEND, OutcomeUnknown),
        (Call.TOKEN, OutcomeUnknown),
    ],
)
def test_a_fault_of_the_platform_leaves_a_send_unknown_and_a_read_repeatable(
    name: str, error_type: str, call: Call, kind: type[MarketplaceError]
) -> None:
    error = classify(name, "", call=call, error_type=error_type)
    assert (type(error), error.failure) == (kind, OUTAGE)


@pytest.mark.parametrize("name", ["IncompleteSignature", "ApiCallLimit", "-22"])
def test_a_documented_refusal_counts_whatever_part_of_lazada_says_it(name: str) -> None:
    error = classify(name, "", call=Call.SEND, error_type="SYSTEM", status=500)
    assert not isinstance(error, OutcomeUnknown)


def test_an_undocumented_name_with_a_server_status_leaves_a_send_unknown() -> None:
    assert type(classify("Oops", "", call=Call.SEND, status=502)) is OutcomeUnknown
    assert type(classify("Oops", "", call=Call.SAFE, status=502)) is TransientError


@pytest.mark.parametrize("call", [Call.SAFE, Call.SEND])
def test_a_rejected_access_token_asks_for_a_refresh(call: Call) -> None:
    error = classify("IllegalAccessToken", "", call=call)
    assert (type(error), error.failure, error.retry_helps) == (TokenRejected, AUTH, True)


def test_the_same_name_ends_the_authorization_when_a_token_is_asked_for() -> None:
    assert type(classify("IllegalAccessToken", "", call=Call.TOKEN)) is AuthorizationEnded


@pytest.mark.parametrize(
    ("detail", "header_s", "expected_s"),
    [
        (BAN, None, 7.0),
        ("this ban will last 1 second", None, 1.0),
        (BAN, 9.0, 9.0),
        ("too fast", None, None),
        ("this ban will last 12345678901 seconds", None, None),
    ],
)
def test_a_ban_says_how_long_to_wait(
    detail: str, header_s: float | None, expected_s: float | None
) -> None:
    error = classify("ApiCallLimit", detail, call=Call.SEND, retry_after_s=header_s)
    assert error.retry_after_s == expected_s


def test_the_adapter_classifies_a_stored_name_as_on_a_send() -> None:
    adapter = lazada(lambda request: pytest.fail(f"{request.url} was asked"))
    assert type(adapter.classify_error("ServiceTimeout")) is OutcomeUnknown
