"""Tokens are refreshed once for all, stored before use, and never lost or brought back."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.marketplaces.access import Tokens
from cloud.marketplaces.errors import AuthorizationEnded, OutcomeUnknown, TransientError
from cloud.marketplaces.shopee.adapter import Shopee
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import RefreshUnderWay, ShopGateway
from cloud.shops.models import Authorization
from cloud.shops.service import AuthorizationState, Purpose, authorization, store_tokens
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench

T = TypeVar("T")
SOON = timedelta(minutes=1)
PAST = timedelta(seconds=-1)
HOURS = timedelta(hours=3)
ORDER = demo_seed.FURTHER_ORDER_SNS[0]


def row(bench: Bench) -> Authorization:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return authorization(session, bench.shop_id, Purpose.CHAT)


def mint(bench: Bench, life: timedelta) -> str:
    """A good pair, said to end after this time; the access token."""
    tokens = bench.sandbox.control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id)
    bench.put_tokens(*tokens, life=life)
    return tokens[0]


def refreshes(bench: Bench) -> int:
    return bench.calls("access_token/get")


def other_process(bench: Bench) -> ShopGateway:
    return ShopGateway(bench.database, bench.box, bench.clients)


def in_threads(count: int, work: Callable[[int], T]) -> list[T]:
    results: list[T] = []
    together = threading.Barrier(count)

    def run(number: int) -> None:
        together.wait()
        results.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_good_token_is_used_as_it_is(bench: Bench) -> None:
    access = mint(bench, timedelta(hours=3))
    line = bench.gateway.line(bench.shop, Purpose.CHAT)
    assert line.access.access_token == access
    assert refreshes(bench) == 0


def test_a_token_is_refreshed_ahead_of_its_end_by_one_of_many(bench: Bench) -> None:
    """While one refreshes, the others go on with the old token, which still works."""
    mint(bench, SOON)
    gateways = [bench.gateway, other_process(bench)]
    lines = in_threads(6, lambda number: gateways[number % 2].line(bench.shop, Purpose.CHAT))
    assert len(lines) == 6
    assert refreshes(bench) == 1
    newest = bench.gateway.line(bench.shop, Purpose.CHAT)
    assert newest.generation == row(bench).generation
    assert newest.marketplace.conversations(newest.access) is not None


def test_purposes_that_share_a_pair_get_the_new_one_together(bench: Bench) -> None:
    """Its refresh token is good for one use: refreshed for one purpose, it is spent for the other.

    Otherwise orders would no longer be found once the chat's token was refreshed, and the shop
    would have to be authorized again.
    """
    mint(bench, SOON)
    chat = bench.gateway.line(bench.shop, Purpose.CHAT)
    orders = other_process(bench).line(bench.shop, Purpose.ORDERS)
    assert refreshes(bench) == 1
    assert orders.access.access_token == chat.access.access_token
    bench.gateway.token_rejected(bench.shop, Purpose.ORDERS, orders)
    newest = [bench.gateway.line(bench.shop, purpose) for purpose in Purpose]
    assert refreshes(bench) == 2
    assert newest[0].access.access_token == newest[1].access.access_token
    bench.gateway.token_rejected(bench.shop, Purpose.CHAT, newest[1])


def test_a_purpose_with_a_pair_of_its_own_keeps_it(bench: Bench) -> None:
    mint(bench, SOON)
    now = utc_now()
    own = Tokens("access of orders", "refresh of orders", now + HOURS, now + HOURS, ())

    def unit(session: Session) -> None:
        store_tokens(
            session,
            bench.box,
            shop_id=bench.shop_id,
            purpose=Purpose.ORDERS,
            tokens=own,
            now=now,
        )

    bench.database.write(unit, scoped(bench.organisation_id))
    bench.gateway.line(bench.shop, Purpose.CHAT)
    assert refreshes(bench) == 1
    assert bench.gateway.line(bench.shop, Purpose.ORDERS).access.access_token == own.access_token


def test_a_reading_whose_token_was_not_taken_is_made_once_more(bench: Bench) -> None:
    mint(bench, timedelta(hours=3))
    path = f"/shops/{bench.sandbox.shop_id}/tokens/expire"
    bench.sandbox.control.call("POST", path, {"partner_id": bench.sandbox.partner_id})
    found = bench.gateway.read(
        bench.shop, Purpose.ORDERS, lambda line: line.marketplace.order(line.access, ORDER)
    )
    assert found.number == ORDER
    assert refreshes(bench) == 1


def test_a_token_that_was_rejected_is_replaced_once(bench: Bench) -> None:
    mint(bench, timedelta(hours=3))
    line = bench.gateway.line(bench.shop, Purpose.CHAT)

    def reject(_number: int) -> str:
        try:
            bench.gateway.token_rejected(bench.shop, Purpose.CHAT, line)
        except RefreshUnderWay as error:
            return f"again in {error.retry_after_s} s"
        return "done"

    assert "done" in (said := set(in_threads(5, reject)))
    assert said <= {"done", "again in 1.0 s"}
    assert refreshes(bench) == 1
    bench.gateway.token_rejected(bench.shop, Purpose.CHAT, line)
    assert refreshes(bench) == 1, "that one is replaced already"


def test_the_new_pair_is_stored_before_it_is_used(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    mint(bench, PAST)

    class Died(Exception):
        pass

    def die(*_args: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(ShopGateway, "_store", die)
        with pytest.raises(Died):
            bench.gateway.line(bench.shop, Purpose.CHAT)
    with pytest.raises(TransientError):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    assert refreshes(bench) == 1, "nobody refreshes while the lease runs"


def test_a_pair_that_cannot_be_stored_at_once_is_not_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old refresh token is spent."""
    mint(bench, PAST)
    monkeypatch.setattr("cloud.database.insisting.PAUSES_S", (0.0, 0.0, 0.0))
    real_refresh, real_write = Shopee.refresh, Database.write
    troubles: list[str] = []

    def refresh(self: Shopee, *args: Any, **keywords: Any) -> Any:
        tokens = real_refresh(self, *args, **keywords)
        troubles.extend(["busy", "busy"])
        return tokens

    def write(self: Database, *args: Any, **keywords: Any) -> Any:
        if troubles:
            raise DatabaseBusy(troubles.pop())
        return real_write(self, *args, **keywords)

    monkeypatch.setattr(Shopee, "refresh", refresh)
    monkeypatch.setattr(Database, "write", write)
    line = bench.gateway.line(bench.shop, Purpose.CHAT)
    assert line.marketplace.conversations(line.access) is not None


@pytest.mark.parametrize("kind", ["error_before", "rate_limit", "drop_before"])
def test_trouble_with_a_refresh_stops_no_call_while_the_old_token_works(
    bench: Bench, kind: str
) -> None:
    access = mint(bench, SOON)
    bench.sandbox.control.fault(kind, "access_token/get")
    assert bench.gateway.line(bench.shop, Purpose.CHAT).access.access_token == access
    assert row(bench).state == AuthorizationState.AUTHORIZED


def test_a_refresh_that_failed_for_sure_may_be_tried_at_once(bench: Bench) -> None:
    mint(bench, PAST)
    bench.sandbox.control.fault("rate_limit", "/api/v2/auth/access_token/get")
    with pytest.raises(TransientError):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    assert row(bench).refreshing_until is None
    assert bench.gateway.line(bench.shop, Purpose.CHAT) is not None


def test_a_refresh_of_unknown_outcome_keeps_others_away_for_a_while(bench: Bench) -> None:
    mint(bench, PAST)
    bench.sandbox.control.fault("drop_before", "/api/v2/auth/access_token/get")
    with pytest.raises(OutcomeUnknown):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    with pytest.raises(RefreshUnderWay):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    for purpose in Purpose:
        bench.change_authorization(purpose, refreshing_until=utc_now() - SOON)
    assert bench.gateway.line(bench.shop, Purpose.CHAT) is not None


def test_a_spent_refresh_token_ends_the_authorization(bench: Bench) -> None:
    mint(bench, PAST)
    bench.sandbox.control.fault("drop_after", "/api/v2/auth/access_token/get")
    with pytest.raises(OutcomeUnknown):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    for purpose in Purpose:
        bench.change_authorization(purpose, refreshing_until=None)
    with pytest.raises(AuthorizationEnded):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    assert row(bench).state == AuthorizationState.EXPIRED
    for purpose in Purpose:  # the pair was theirs in common
        with pytest.raises(NotAuthorized):
            bench.gateway.line(bench.shop, purpose)


@pytest.mark.parametrize("what", ["ended", "authorized anew"])
def test_what_a_person_does_during_a_refresh_stands(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    mint(bench, PAST)
    real = Shopee.refresh

    def refresh(self: Shopee, *args: Any, **keywords: Any) -> Any:
        tokens = real(self, *args, **keywords)
        if what == "ended":
            bench.change_authorization(Purpose.CHAT, state=AuthorizationState.REVOKED)
        else:
            bench.put_tokens("a-persons-access", "a-persons-refresh")
        return tokens

    monkeypatch.setattr(Shopee, "refresh", refresh)
    if what == "ended":
        with pytest.raises(NotAuthorized):
            bench.gateway.line(bench.shop, Purpose.CHAT)
        assert row(bench).state == AuthorizationState.REVOKED
    else:
        line = bench.gateway.line(bench.shop, Purpose.CHAT)
        assert line.access.access_token == "a-persons-access"


def test_a_failed_refresh_does_not_bring_back_what_a_person_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    mint(bench, PAST)
    bench.sandbox.control.fault("rate_limit", "/api/v2/auth/access_token/get")
    real = Shopee.refresh

    def refresh(self: Shopee, *args: Any, **keywords: Any) -> Any:
        bench.change_authorization(Purpose.CHAT, state=AuthorizationState.REVOKED)
        return real(self, *args, **keywords)

    monkeypatch.setattr(Shopee, "refresh", refresh)
    with pytest.raises(TransientError):
        bench.gateway.line(bench.shop, Purpose.CHAT)
    assert row(bench).state == AuthorizationState.REVOKED


def test_credentials_that_cannot_be_opened_are_no_authorization(bench: Bench) -> None:
    """One shop's damaged row must not stop the program for all."""

    def damage(session: Session) -> None:
        authorization(session, bench.shop_id, Purpose.CHAT).sealed_access_token = b"\x01" * 64

    bench.database.write(damage, scoped(bench.organisation_id))
    with pytest.raises(NotAuthorized, match="cannot be read"):
        bench.gateway.line(bench.shop, Purpose.CHAT)


def test_no_secret_shows(bench: Bench) -> None:
    """Invariant 9."""
    access = mint(bench, timedelta(hours=3))
    line = bench.gateway.line(bench.shop, Purpose.CHAT)
    assert access not in repr(line)
    assert bench.sandbox.partner_key not in repr(line)
