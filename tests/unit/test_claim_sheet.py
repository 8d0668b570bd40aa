"""The texts of a claim sheet's barcodes: made by the cloud, read by a table."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.claim_sheet import (
    LONGEST_URL,
    BadClaimSheet,
    ClaimSheet,
    ClaimText,
    is_of_claim_sheet,
    read_claim_text,
)

CODE = "ABCDE-FGHJK-LMNPQ-RSTUV"
URL = "https://packwitness.example.com"
_SHEET = ClaimSheet(URL, CODE)


def test_each_barcode_says_its_part() -> None:
    assert read_claim_text(_SHEET.server_barcode) == ClaimText(server_url=URL)
    assert read_claim_text(_SHEET.claim_barcode) == ClaimText(claim_code=CODE)
    assert read_claim_text(_SHEET.whole) == ClaimText(server_url=URL, claim_code=CODE)


@pytest.mark.parametrize("as_read", [str.upper, str.lower, str.swapcase])
@pytest.mark.parametrize("text", [_SHEET.server_barcode, _SHEET.claim_barcode, _SHEET.whole])
def test_case_says_nothing(text: str, as_read: Callable[[str], str]) -> None:
    """A scanner may follow Caps Lock."""
    changed = as_read(text)
    assert is_of_claim_sheet(changed)
    assert read_claim_text(changed) == read_claim_text(text)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://PackWitness.Example.com/", URL),
        (" https://packwitness.example.com ", URL),
        ("https://10.0.0.5:8443", "https://10.0.0.5:8443"),
        ("https://[fd00::5]:8443", "https://[fd00::5]:8443"),
        ("https://example.com/packwitness", "https://example.com/packwitness"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_an_address_has_one_form(url: str, kept: str) -> None:
    assert ClaimSheet(url, CODE).server_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "packwitness.example.com",
        "http://packwitness.example.com",
        "ftp://packwitness.example.com",
        "https://",
        "https://user:word@example.com",
        "https://example.com?a=b",
        "https://example.com#a",
        "https://example.com:0",
        "https://example.com:99999",
        "https://exa mple.com",
        "https://exämple.com",
        f"https://{'a' * LONGEST_URL}.example.com",
    ],
)
def test_an_address_that_would_not_work_or_not_be_safe_is_refused(url: str) -> None:
    with pytest.raises(BadClaimSheet):
        ClaimSheet(url, CODE)


@pytest.mark.parametrize("code", ["", "ABC", "ABCDE_FGHJK", "A" * 81, "ABCDE FGHJK", "ÄBCDE-FGHJK"])
def test_a_code_that_no_sheet_holds_is_refused_and_not_repeated(code: str) -> None:
    with pytest.raises(BadClaimSheet) as refused:
        ClaimSheet(URL, code)
    assert code not in str(refused.value) or not code


@pytest.mark.parametrize("text", ["", "PW-SEND", "PW-CLAIM", "PW-CLAIM-", "PW-SERVER-", "123456"])
def test_other_texts_are_none_of_a_sheet(text: str) -> None:
    with pytest.raises(BadClaimSheet):
        read_claim_text(text)


def test_the_code_is_in_no_repr() -> None:
    assert CODE not in repr(_SHEET)
    assert CODE not in repr(read_claim_text(_SHEET.whole))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but BadClaimSheet comes out, whatever a scanner sends."""
    for scanned in (text, f"PW-CLAIM-{text}", f"PW-SERVER-{text}"):
        try:
            read = read_claim_text(scanned)
        except BadClaimSheet:
            continue
        assert read.server_url or read.claim_code
