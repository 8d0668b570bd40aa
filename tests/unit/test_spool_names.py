"""Names by which a person finds an order's photos (S0-34)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.spool.names import parse, photo_path, safe_code

TAKEN = datetime(2026, 3, 1, 23, 5, 9, 123456, tzinfo=UTC)
SHA = "9f86d081" + "0" * 56
MALAYSIA = timezone(timedelta(hours=8))


def test_a_name_has_the_day_the_code_the_time_and_a_number() -> None:
    """S0-34."""
    path = photo_path("240302ABCDEF", TAKEN, 42, SHA, UTC)
    assert path == "photos/2026-03-01/240302ABCDEF_230509_42_9f86d081.jpg"


def test_day_and_time_are_those_of_the_table() -> None:
    path = photo_path("A", TAKEN, 1, SHA, MALAYSIA)
    assert path == "photos/2026-03-02/A_070509_1_9f86d081.jpg"


@pytest.mark.parametrize(
    ("code", "safe"),
    [
        ("SPXMY01234567890", "SPXMY01234567890"),
        ("A-1_b.c~d", "A-1_b.c~d"),
        ("A/B", "A%2FB"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        (".hidden", "%2Ehidden"),
        ("a b\n\0", "a%20b%0A%00"),
        ("100%", "100%25"),
        ("A+", "A%2B"),
        ("CON:*?", "CON%3A%2A%3F"),
        ("訂單", "%E8%A8%82%E5%96%AE"),
        ("x" * 150, "x" * 150),
        ("x" * 151, "x" * 149 + "+"),
    ],
)
def test_odd_codes_become_safe_names(code: str, safe: str) -> None:
    assert safe_code(code) == safe


codes = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(codes, st.integers(1, 10**18 - 1))
def test_a_name_is_a_safe_file_name_and_can_be_read_back(code: str, number: int) -> None:
    path = photo_path(code, TAKEN, number, SHA, MALAYSIA)
    folder, day, name = path.split("/")
    assert (folder, day) == ("photos", "2026-03-02")
    assert len(name) <= 240
    assert name.isascii()
    assert name.isprintable()
    assert not name.startswith(".")
    parts = parse(path, MALAYSIA)
    assert parts is not None
    assert parts.number == number
    assert parts.sha8 == SHA[:8]
    assert parts.taken == TAKEN.replace(microsecond=0)
    assert code.startswith(parts.code)
    assert parts.whole_code == (parts.code == code)


@given(codes, codes, st.integers(1, 99), st.integers(1, 99))
def test_two_numbers_never_share_a_name(one: str, two: str, first: int, second: int) -> None:
    """The number alone keeps names apart, whatever the code, time and picture."""
    same = photo_path(one, TAKEN, first, SHA, UTC) == photo_path(two, TAKEN, second, SHA, UTC)
    assert not same or first == second


@given(codes, codes)
def test_two_codes_share_a_safe_form_only_when_cut(one: str, two: str) -> None:
    assert one == two or safe_code(one) != safe_code(two) or safe_code(one).endswith("+")


@pytest.mark.parametrize(
    "path",
    [
        "photos/2026-03-01/notes.txt",
        "photos/2026-03-01/A_230509_42_9f86d081.jpg.tmp",
        "photos/2026-13-01/A_230509_42_9f86d081.jpg",
        "photos/2026-03-01/A_250509_42_9f86d081.jpg",
        "photos/2026-03-01/_230509_42_9f86d081.jpg",
        "photos/2026-03-01/A_230509_42_XYZ6d081.jpg",
        "elsewhere/2026-03-01/A_230509_42_9f86d081.jpg",
    ],
)
def test_other_names_are_not_ours(path: str) -> None:
    assert parse(path, UTC) is None
