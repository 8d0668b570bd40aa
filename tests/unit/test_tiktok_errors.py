"""What every documented code of TikTok Shop means for us."""

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
from cloud.marketplaces.tiktok.errors import classify
from tests.support.tiktok_answers import tiktok

AUTH = FailureClass.AUTHORIZATION
OTHER = FailureClass.OTHER
CONTENT = FailureClass.REFUSED_CONTENT
OUTAGE = FailureClass.OUTAGE
RATE = FailureClass.RATE_LIMIT
WINDOW = FailureClass.WINDOW_CLOSED

# Codes that mean the same whatever was asked.
ANY_CALL: list[tuple[int, str, type[MarketplaceError], FailureClass]] = [
    (106001, "sign invalid", AuthorizationEnded, AUTH),
    (106013, "shop_cipher is required", AuthorizationEnded, AUTH),
    (101000, "", AuthorizationEnded, AUTH),
    (105005, "Access denied: scope", AuthorizationEnded, AUTH),
    (36009033, "", AuthorizationEnded, AUTH),
    (10006402, "", AuthorizationEnded, AUTH),
    (36004001, "", AuthorizationEnded, AUTH),
    (36004004, "", AuthorizationEnded, AUTH),
    (36004005, "", AuthorizationEnded, AUTH),
    (36004321, "nobody documented it", AuthorizationEnded, AUTH),
    (36009004, "missing sign", AuthorizationEnded, AUTH),
    (36009004, "invalid app_key", AuthorizationEnded, AUTH),
    (36009004, "timestamp is expired", PermanentError, OTHER),
    (36009004, "unexpected identifier", PermanentError, OTHER),
    (36009002, "Too many requests", RateLimited, RATE),
    (45101004, "daily quota", RateLimited, RATE),
    (45111012, "", RateLimited, RATE),
    (36009009, "Invalid path", PermanentError, OTHER),
    (36009010, "", PermanentError, OTHER),
    (36009022, "", PermanentError, OTHER),
    (36009023, "", PermanentError, OTHER),
    (36009888, "nobody documented it", PermanentError, OTHER),
    (10002014, "", PermanentError, OTHER),
    (10002015, "", PermanentError, OTHER),
    (21008111, "", NotFound, OTHER),
    (45101003, "", NotFound, OTHER),
    (36009021, "", PermanentError, CONTENT),
    (45101002, "", PermanentError, CONTENT),
    (45111017, "", PermanentError, CONTENT),
    (45101006, "", PermanentError, CONTENT),
    (45102007, "", PermanentError, OTHER),
    (45109001, "", PermanentError, WINDOW),
    (45109003, "", PermanentError, WINDOW),
    (45111001, "", PermanentError, OTHER),
    (99, "a code nobody documented", PermanentError, OTHER),
    (10500123, "eight digits are no token error", PermanentError, OTHER),
]
FAULTS = [36009003, 36009007, 45101001, 45101008, 10037002, 10037003, 10037004]


@pytest.mark.parametrize(("code", "detail", "kind", "failure"), ANY_CALL)
@pytest.mark.parametrize("call", list(Call))
def test_a_code_has_its_type_and_class(
    code: int, detail: str, kind: type[MarketplaceError], failure: FailureClass, call: Call
) -> None:
    error = classify(code, detail, call=call)
    expected = (kind, failure, str(code), detail)
    assert (type(error), error.failure, error.name, error.detail) == expected


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (Call.SAFE, TransientError),
        (Call.SEND, OutcomeUnknown),
        (Call.TOKEN, OutcomeUnknown),
    ],
)
def test_a_fault_of_the_platform_leaves_a_send_unknown_and_a_read_repeatable(
    code: int, call: Call, kind: type[MarketplaceError]
) -> None:
    error = classify(code, "", call=call)
    assert (type(error), error.failure) == (kind, OUTAGE)


@pytest.mark.parametrize(
    ("code", "detail", "status"),
    [
        (99, "", 503),
        (99, "", 500),
        (45199999, "Internal error", 200),
        (45199998, "request timed-out, timeout", 200),
        (36009777, "System busy", 200),
    ],
)
def test_an_undocumented_code_that_sounds_like_a_fault_leaves_a_send_unknown(
    code: int, detail: str, status: int
) -> None:
    assert type(classify(code, detail, call=Call.SEND, status=status)) is OutcomeUnknown
    assert type(classify(code, detail, call=Call.SAFE, status=status)) is TransientError


@pytest.mark.parametrize("status", [200, 400, 500, 503])
def test_a_documented_refusal_counts_on_any_status(status: int) -> None:
    assert type(classify(45109001, "", call=Call.SEND, status=status)) is PermanentError


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        (105001, ""),
        (105002, "Expired credentials"),
        (105999, "nobody documented it"),
        (36009004, "access_token is invalid"),
    ],
)
def test_a_rejected_token_asks_for_a_refresh_and_ends_the_authorization_on_one(
    code: int, detail: str
) -> None:
    for call in (Call.SAFE, Call.SEND):
        error = classify(code, detail, call=call)
        assert (type(error), error.failure, error.retry_helps) == (TokenRejected, AUTH, True)
    assert type(classify(code, detail, call=Call.TOKEN)) is AuthorizationEnded


@pytest.mark.parametrize("code", [36009002, 36009003, 36009007, 36009009])
def test_the_common_rule_that_all_of_360_are_token_errors_is_not_followed(code: int) -> None:
    """A refresh for a rate limit or a fault would wear out the token of a working shop."""
    assert classify(code, "", call=Call.SEND).failure is not AUTH


def test_a_used_up_day_is_asked_again_each_hour_unless_a_wait_is_named() -> None:
    assert classify(45101004, "", call=Call.SEND).retry_after_s == 3600.0
    assert classify(45101004, "", call=Call.SEND, retry_after_s=9.0).retry_after_s == 9.0
    assert classify(36009002, "", call=Call.SEND).retry_after_s is None


def test_an_undocumented_code_with_status_429_is_a_matter_of_pace() -> None:
    assert type(classify(99, "", call=Call.SEND, status=429)) is RateLimited


def test_the_adapter_classifies_a_stored_name_as_on_a_send() -> None:
    adapter = tiktok(lambda request: pytest.fail(f"{request.url.path} was asked"))
    assert type(adapter.classify_error("36009007")) is OutcomeUnknown
    assert type(adapter.classify_error("45109003", "no window")) is PermanentError
    assert type(adapter.classify_error("our_own_name")) is PermanentError
