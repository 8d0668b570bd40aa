"""One-time codes by time: the vectors of the standard, and which codes count."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.accounts.totp import STEP_S, address, code_at, matching_step, step_of, typeable
from cloud.dashboard.browsers import label_of

SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // STEP_S, digits=8) == code


@pytest.mark.parametrize(
    ("off", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_off_by_one_step(off: int, counts: bool) -> None:
    typed = code_at(SECRET, step_of(NOW) + off)
    assert (matching_step(SECRET, typed, NOW, 0) is not None) is counts


def test_no_code_counts_twice_and_none_before_it() -> None:
    here = step_of(NOW)
    assert matching_step(SECRET, code_at(SECRET, here), NOW, here) is None
    assert matching_step(SECRET, code_at(SECRET, here - 1), NOW, here) is None
    later = NOW + timedelta(seconds=STEP_S)
    assert matching_step(SECRET, code_at(SECRET, here + 1), later, here) == here + 1


def test_an_app_takes_the_secret_from_its_address() -> None:
    assert typeable(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert address(SECRET, "a+b@demo.test") == (
        "otpauth://totp/Packwitness%3Aa%2Bb%40demo.test"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Packwitness"
    )


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox, Linux"),
        ("<script>", "?, ?"),
    ],
)
def test_a_browser_is_known_by_two_words(agent: str, label: str) -> None:
    assert label_of(agent) == label
