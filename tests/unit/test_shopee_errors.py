"""What every documented error name of Shopee means for us."""

from datetime import UTC, datetime

import pytest

from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    NotFound,
    OrderCardNeeded,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    RepeatedContent,
    TokenRejected,
    TransientError,
)
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.shopee.errors import classify, seconds_to_next_limit_day
from tests.support.shopee_answers import NOW, shopee

AUTH = FailureClass.AUTHORIZATION
OTHER = FailureClass.OTHER
CONTENT = FailureClass.REFUSED_CONTENT
OUTAGE = FailureClass.OUTAGE
RATE = FailureClass.RATE_LIMIT

# Names that mean the same whatever was asked.
ANY_CALL: list[tuple[str, str, type[MarketplaceError], FailureClass]] = [
    ("error_sign", "Wrong sign.", AuthorizationEnded, AUTH),
    ("error_param", "Timestamp is expired.", PermanentError, OTHER),
    ("error_permission", "", AuthorizationEnded, AUTH),
    ("error_api_permission", "", AuthorizationEnded, AUTH),
    ("error_auth", "No permission to current api.", AuthorizationEnded, AUTH),
    ("some_new_name", "No permission to current api.", AuthorizationEnded, AUTH),
    ("error_api_call_restricted", "", AuthorizationEnded, AUTH),
    ("api_suspended", "", AuthorizationEnded, AUTH),
    ("error_rate_limit", "", RateLimited, RATE),
    ("error_limit", "", RateLimited, RATE),
    ("source_ip_undeclared", "", AuthorizationEnded, AUTH),
    ("error_partner_key_expired", "", AuthorizationEnded, AUTH),
    ("shop_banned", "", AuthorizationEnded, AUTH),
    ("shop_no_linked", "", AuthorizationEnded, AUTH),
    ("partner_shop_no_link", "", AuthorizationEnded, AUTH),
    ("shop_access_expired", "", AuthorizationEnded, AUTH),
    ("error_kyc_auth", "", AuthorizationEnded, AUTH),
    ("error_not_found", "", NotFound, OTHER),
    ("order.error_not_found", "", NotFound, OTHER),
    ("error_shop", "", NotFound, OTHER),
    ("param_error", "", PermanentError, OTHER),
    ("order.order_list_invalid_time", "", PermanentError, OTHER),
    ("invalid_code", "", AuthorizationEnded, AUTH),
    ("refresh_token_expired", "", AuthorizationEnded, AUTH),
    ("error_shop_refresh_token", "", AuthorizationEnded, AUTH),
    ("error_merchant_refresh_token", "", AuthorizationEnded, AUTH),
    ("invalid_shop_id", "", AuthorizationEnded, AUTH),
    ("invalid_main_acount_id", "", AuthorizationEnded, AUTH),
    ("invalid_partner_id", "", AuthorizationEnded, AUTH),
    ("first_chat_without_order_info", "", OrderCardNeeded, OTHER),
    ("user_is_forbidden", "", PermanentError, FailureClass.WINDOW_CLOSED),
    ("reach_5_message_limit", "", PermanentError, FailureClass.MESSAGE_LIMIT),
    ("message_too_long", "", PermanentError, CONTENT),
    ("message_is_censored", "", PermanentError, CONTENT),
    ("error_business", "", RepeatedContent, CONTENT),
    ("exceed_send_limitaion", "", RateLimited, RATE),
    ("error_blocked", "", PermanentError, FailureClass.BUYER_UNREACHABLE),
    ("error_sender_block_receiver", "", PermanentError, FailureClass.BUYER_UNREACHABLE),
    ("assigned_to_subaccount", "", PermanentError, FailureClass.CHANNEL_CANNOT_SEND),
    ("shop_bound_subaccount", "", PermanentError, FailureClass.CHANNEL_CANNOT_SEND),
    ("block_by_internal_safety_strategies", "", PermanentError, CONTENT),
    ("a_name_nobody_documented", "", PermanentError, OTHER),
]
FAULTS = ["error_server", "error_network", "error_data", "system_busy", "common.error_server"]
REJECTED_TOKENS = ["error_auth", "invalid_acceess_token", "invalid_access_token"]


@pytest.mark.parametrize(("name", "detail", "kind", "failure"), ANY_CALL)
@pytest.mark.parametrize("call", list(Call))
def test_a_name_has_its_type_and_class(
    name: str, detail: str, kind: type[MarketplaceError], failure: FailureClass, call: Call
) -> None:
    error = classify(name, detail, call=call, now=NOW)
    assert (type(error), error.failure, error.name, error.detail) == (kind, failure, name, detail)


@pytest.mark.parametrize("name", [*FAULTS, "error_inner_server", "gateway_timeout"])
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (Call.SAFE, TransientError),
        (Call.SEND, OutcomeUnknown),
        (Call.TOKEN, OutcomeUnknown),
    ],
)
def test_a_fault_of_the_platform_leaves_a_send_unknown_and_a_read_repeatable(
    name: str, call: Call, kind: type[MarketplaceError]
) -> None:
    error = classify(name, "", call=call, now=NOW)
    assert (type(error), error.failure) == (kind, OUTAGE)


def test_an_undocumented_name_with_a_server_status_leaves_a_send_unknown() -> None:
    assert type(classify("oops", "", call=Call.SEND, now=NOW, status=502)) is OutcomeUnknown
    assert type(classify("oops", "", call=Call.SAFE, now=NOW, status=502)) is TransientError


def test_a_documented_refusal_counts_even_with_a_server_status() -> None:
    error = classify("reach_5_message_limit", "", call=Call.SEND, now=NOW, status=500)
    assert type(error) is PermanentError


@pytest.mark.parametrize("name", REJECTED_TOKENS)
@pytest.mark.parametrize("call", [Call.SAFE, Call.SEND])
def test_a_rejected_access_token_asks_for_a_refresh(name: str, call: Call) -> None:
    error = classify(name, "Invalid access_token.", call=call, now=NOW)
    assert (type(error), error.failure, error.retry_helps) == (TokenRejected, AUTH, True)


@pytest.mark.parametrize("name", REJECTED_TOKENS)
def test_the_same_names_end_the_authorization_when_a_token_is_asked_for(name: str) -> None:
    error = classify(name, "Invalid refresh_token.", call=Call.TOKEN, now=NOW)
    assert (type(error), error.retry_helps) == (AuthorizationEnded, False)


@pytest.mark.parametrize(
    ("now", "expected_s"),
    [
        (datetime(2023, 11, 14, 15, 59, 59, tzinfo=UTC), 1.0),  # 23:59:59 in UTC+8
        (datetime(2023, 11, 14, 16, 0, 0, tzinfo=UTC), 24 * 3600.0),  # 00:00
        (datetime(2023, 11, 14, 10, 0, 0, tzinfo=UTC), 6 * 3600.0),  # 18:00
    ],
)
def test_a_daily_limit_ends_at_midnight_of_utc_plus_8(now: datetime, expected_s: float) -> None:
    assert seconds_to_next_limit_day(now) == expected_s
    assert classify("error_limit", "", call=Call.SEND, now=now).retry_after_s == expected_s


def test_the_wait_the_marketplace_asks_for_is_passed_on() -> None:
    error = classify("error_rate_limit", "", call=Call.SEND, now=NOW, retry_after_s=7.0)
    assert error.retry_after_s == 7.0


def test_only_what_did_not_happen_may_be_retried() -> None:
    assert TransientError.retry_helps
    assert not PermanentError.retry_helps
    assert not OutcomeUnknown.retry_helps


def test_the_adapter_classifies_a_stored_name_as_on_a_send() -> None:
    adapter = shopee(lambda request: pytest.fail(f"{request.url} was asked"))
    assert type(adapter.classify_error("error_server")) is OutcomeUnknown
