"""The sandbox's signature check against the worked signatures (marketplace-apis 3.1)."""

import pytest

from sandbox.tiktok.signing import is_signature, signature, webhook_signature
from tests.support import tiktok_caller
from tests.support.tiktok_vectors import (
    APP_KEY,
    APP_SECRET,
    OFFICIAL_QUERY,
    OFFICIAL_SECRET,
    OFFICIAL_SIGN,
    VECTORS,
    WEBHOOK_BODY,
    WEBHOOK_SIGN,
    Vector,
)

every_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)


def test_the_documented_sample_is_good() -> None:
    """T0."""
    path = "/authorization/202309/shops"
    assert signature(OFFICIAL_SECRET, path, OFFICIAL_QUERY) == OFFICIAL_SIGN


@every_vector
def test_a_worked_signature_is_good(vector: Vector) -> None:
    made = signature(APP_SECRET, vector.path, vector.whole_query, vector.body)
    assert made == vector.sign
    assert is_signature(vector.sign, made)


@every_vector
def test_the_callers_signature_of_the_tests_is_the_same(vector: Vector) -> None:
    made = tiktok_caller.sign(APP_SECRET, vector.path, vector.whole_query, vector.body)
    assert made == vector.sign


@every_vector
def test_a_signature_in_upper_case_is_another(vector: Vector) -> None:
    assert not is_signature(vector.sign.upper(), vector.sign)


def test_a_token_in_the_query_is_not_signed_and_everything_else_is() -> None:
    vector = VECTORS[1]
    query = {**vector.whole_query, "access_token": "x", "sign": "y"}
    assert signature(APP_SECRET, vector.path, query) == vector.sign
    assert signature(APP_SECRET, vector.path, {**query, "more": "1"}) != vector.sign
    assert signature(APP_SECRET, vector.path, query, b"{}") != vector.sign
    assert signature(APP_SECRET, vector.path + "/", query) != vector.sign


def test_a_signature_that_is_no_ascii_is_refused() -> None:
    assert not is_signature("é\udcff", VECTORS[0].sign)


def test_a_webhook_is_signed_over_the_app_key_and_the_raw_body() -> None:
    """T12."""
    assert webhook_signature(APP_SECRET, APP_KEY, WEBHOOK_BODY) == WEBHOOK_SIGN
