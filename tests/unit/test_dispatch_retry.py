"""What follows each kind of error."""

from datetime import timedelta

import pytest

from cloud.conversations.states import Reason
from cloud.dispatcher.retry import BackOff, Failures, Next, reason_of, step_after
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MalformedReply,
    MarketplaceError,
    NotConnected,
    NotFound,
    OrderCardNeeded,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    RepeatedContent,
    TokenRejected,
    TransientError,
)

F = FailureClass
NONE = Failures()
BACK_OFF = BackOff()


def error(kind: type[MarketplaceError], failure: FailureClass = F.OTHER) -> MarketplaceError:
    return kind(failure, "name", "detail")


@pytest.mark.parametrize(
    ("given", "following"),
    [
        (error(OutcomeUnknown, F.OUTAGE), Next.LOOK_INTO_CHAT),
        (error(TransientError, F.OUTAGE), Next.SLOW_DOWN),
        (error(NotConnected, F.OUTAGE), Next.SLOW_DOWN),
        (error(MalformedReply, F.OUTAGE), Next.SLOW_DOWN),
        (error(RateLimited, F.RATE_LIMIT), Next.SLOW_DOWN),
        (error(TokenRejected, F.AUTHORIZATION), Next.REFRESH_TOKEN),
        (error(OrderCardNeeded), Next.ADD_ORDER_CARD),
        (error(AuthorizationEnded, F.AUTHORIZATION), Next.HOLD),
        (error(RepeatedContent, F.REFUSED_CONTENT), Next.FAIL_MESSAGE),
        (error(NotFound), Next.FAIL_MESSAGE),
        (error(PermanentError, F.AUTHORIZATION), Next.HOLD),
        (error(PermanentError, F.MESSAGE_LIMIT), Next.HOLD),
        (error(PermanentError, F.WINDOW_CLOSED), Next.FAIL_DISPATCH),
        (error(PermanentError, F.BUYER_UNREACHABLE), Next.FAIL_DISPATCH),
        (error(PermanentError, F.CHANNEL_CANNOT_SEND), Next.FAIL_DISPATCH),
        (error(PermanentError, F.REFUSED_CONTENT), Next.FAIL_MESSAGE),
        (error(PermanentError, F.RATE_LIMIT), Next.SLOW_DOWN),
        (error(PermanentError, F.OUTAGE), Next.FAIL_MESSAGE),
        (error(PermanentError, F.OTHER), Next.FAIL_MESSAGE),
    ],
)
def test_each_error_has_its_step(given: MarketplaceError, following: Next) -> None:
    assert step_after(given, NONE, BACK_OFF).next is following


@pytest.mark.parametrize("failure", list(FailureClass))
def test_no_class_of_failure_is_without_a_step_and_a_reason(failure: FailureClass) -> None:
    step = step_after(PermanentError(failure, "x"), NONE, BACK_OFF)
    assert step.reason is reason_of(PermanentError(failure, "x"))


def test_a_repetition_after_an_unknown_outcome_means_that_it_is_there() -> None:
    repeated = error(RepeatedContent, F.REFUSED_CONTENT)
    assert step_after(repeated, Failures(unknown=True), BACK_OFF).next is Next.LOOK_INTO_CHAT


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(0, 2), (1, 4), (2, 8), (7, 256), (8, 300), (20, 300), (10_000, 300)]
)
def test_waits_double_from_two_seconds_to_five_minutes(failures: int, wait_s: int) -> None:
    """marketplace-apis 4.4."""
    step = step_after(error(TransientError), Failures(refused=failures), BACK_OFF)
    assert step.wait == timedelta(seconds=wait_s)
    assert not step.wait_was_asked


@pytest.mark.parametrize(("asked", "wait_s"), [(0, 0), (7, 7), (-1, 0), (86_400, 3600)])
def test_a_wait_that_was_asked_for_goes_before_ours(asked: float, wait_s: int) -> None:
    limited = RateLimited(F.RATE_LIMIT, "slow", retry_after_s=asked)
    step = step_after(limited, Failures(refused=5), BACK_OFF)
    assert (step.wait, step.wait_was_asked) == (timedelta(seconds=wait_s), True)


def test_the_first_rejected_token_costs_no_wait_and_further_ones_do() -> None:
    rejected = error(TokenRejected, F.AUTHORIZATION)
    assert step_after(rejected, NONE, BACK_OFF).wait == timedelta()
    again = step_after(rejected, Failures(refused=1), BACK_OFF)
    assert (again.next, again.wait) == (Next.REFRESH_TOKEN, timedelta(seconds=4))


def test_the_detail_is_the_marketplaces_own_and_not_endless() -> None:
    step = step_after(PermanentError(F.OTHER, "error_param", "x" * 900), NONE, BACK_OFF)
    assert step.detail.startswith("error_param: xx")
    assert len(step.detail) == 300
    assert step_after(PermanentError(F.OTHER, "error_param"), NONE, BACK_OFF).detail == (
        "error_param"
    )


def test_a_reason_is_in_the_outboxs_words() -> None:
    assert reason_of(PermanentError(F.WINDOW_CLOSED, "x")) is Reason.WINDOW_CLOSED
