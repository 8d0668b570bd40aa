"""The worked signatures L0 to L8, by the sandbox's own signing."""

import pytest

from sandbox.lazada.signing import is_signed_by, sign, sign_push, signed_pairs
from tests.support.lazada_vectors import (
    APP_KEY,
    APP_SECRET,
    OFFICIAL_PARAMETERS,
    OFFICIAL_SECRET,
    OFFICIAL_SIGN,
    SDK,
    VECTORS,
    Vector,
)

PUSH_BODY = (
    b'{"seller_id":"100000001","message_type":0,"data":{"order_status":"pending",'
    b'"trade_order_id":"330011223344556"},"timestamp":1700000000,"site":"lazada_my"}'
)
L8 = "166521e01aaeafbf2d0931e434cfa604df2b13727163db8009983f3548694711"
EACH = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)


@EACH
def test_worked_signature(vector: Vector) -> None:
    pairs = list(vector.parameters.items())
    assert sign(APP_SECRET, vector.path, pairs) == vector.sign
    assert sign(APP_SECRET, vector.path, reversed(pairs)) == vector.sign


@EACH
def test_a_parameter_that_an_sdk_adds_is_signed_like_any_other(vector: Vector) -> None:
    pairs = [*vector.parameters.items(), ("partner_id", SDK)]
    assert sign(APP_SECRET, vector.path, pairs) == vector.sign_with_sdk


def test_official_sample() -> None:
    pairs = OFFICIAL_PARAMETERS.items()
    assert sign(OFFICIAL_SECRET, "/order/get", pairs) == OFFICIAL_SIGN


def test_push() -> None:
    assert sign_push(APP_SECRET, APP_KEY, PUSH_BODY) == L8


def test_a_raw_body_is_signed_after_the_parameters() -> None:
    pairs = [("app_key", APP_KEY)]
    assert sign(APP_SECRET, "/x", pairs, b"<xml/>") != sign(APP_SECRET, "/x", pairs)
    joined = [("app_key", f"{APP_KEY}<xml/>")]
    assert sign(APP_SECRET, "/x", pairs, b"<xml/>") == sign(APP_SECRET, "/x", joined)


def test_the_signature_itself_is_not_signed_and_repeated_parameters_are_each() -> None:
    pairs = signed_pairs({"b": ["2", "1"], "sign": "X", "a": "0"})
    assert sorted(pairs) == [("a", "0"), ("b", "1"), ("b", "2")]


def test_only_the_upper_case_form_is_right() -> None:
    assert is_signed_by("AB", "AB")
    assert not is_signed_by("ab", "AB")
    assert not is_signed_by("é", "AB")
