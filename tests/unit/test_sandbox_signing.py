"""The sandbox's signature check against the worked signatures (marketplace-apis 1.1)."""

import pytest

from sandbox.shopee.signing import is_signed_by, signature
from tests.support.shopee_vectors import KEY, VECTORS, Vector


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_worked_signature_is_good(vector: Vector) -> None:
    assert is_signed_by(vector.sign, KEY, *vector.signed_parts)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_changed_signature_is_refused(vector: Vector) -> None:
    last = "0" if vector.sign[-1] != "0" else "1"
    assert not is_signed_by(vector.sign[:-1] + last, KEY, *vector.signed_parts)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_upper_case_signature_is_refused(vector: Vector) -> None:
    assert not is_signed_by(vector.sign.upper(), KEY, *vector.signed_parts)


def test_signature_that_is_no_ascii_is_refused() -> None:
    assert not is_signed_by("é" * 64, KEY, "1000001")


def test_every_part_is_covered() -> None:
    parts = ["1000001", "/api/v2/shop/get_shop_info", "1700000000", "token", "22000001"]
    whole = signature(KEY, *parts)
    for index in range(len(parts)):
        changed = [part + "x" if at == index else part for at, part in enumerate(parts)]
        assert signature(KEY, *changed) != whole
