"""The barcodes of a claim sheet: what enrols a table that scans them. Pure text.

A reader of Code 128 gets it in two parts, address and claim code, in either order; a reader of QR
codes or Data Matrix in one. A scanner that follows Caps Lock swaps the case of letters, so case
says nothing.
"""

import re
from dataclasses import dataclass, field

SERVER_PREFIX = "PW-SERVER-"
CLAIM_PREFIX = "PW-CLAIM-"
_BETWEEN = " "
"""In the text that holds both, after the claim code."""
LONGEST_URL = 120

_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{6,78})[A-Z0-9]")
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(:(?P<port>[0-9]{1,5}))?(/[a-z0-9._~-]+)*"
)
_LAST_PORT = 65535
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class BadClaimSheet(ValueError):
    """A text is none of a claim sheet's; the error's own text is for a person, without the code."""


@dataclass(frozen=True, slots=True)
class ClaimText:
    """What one barcode said; what it did not say is empty."""

    server_url: str = ""
    claim_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ClaimSheet:
    """Server and code of one sheet.

    Raises:
        BadClaimSheet: the address or the code cannot stand on a sheet.
    """

    server_url: str
    claim_code: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "server_url", _url(self.server_url))
        object.__setattr__(self, "claim_code", _code(self.claim_code))

    @property
    def server_barcode(self) -> str:
        """Text of the Code 128 with the address."""
        return f"{SERVER_PREFIX}{self.server_url}"

    @property
    def claim_barcode(self) -> str:
        """Text of the Code 128 with the claim code."""
        return f"{CLAIM_PREFIX}{self.claim_code}"

    @property
    def whole(self) -> str:
        """Text of a QR code or Data Matrix with both."""
        return f"{CLAIM_PREFIX}{self.claim_code}{_BETWEEN}{self.server_url}"


def is_of_claim_sheet(text: str) -> bool:
    """Whether a scanned text claims to be of a claim sheet: it may hold a secret."""
    return text.strip().upper().startswith((SERVER_PREFIX, CLAIM_PREFIX))


def read_claim_text(text: str) -> ClaimText:
    """Take one scanned barcode of a sheet apart.

    Raises:
        BadClaimSheet: it is none, or was misread.
    """
    text = text.strip()
    if text.upper().startswith(SERVER_PREFIX):
        return ClaimText(server_url=_url(text[len(SERVER_PREFIX) :]))
    if text.upper().startswith(CLAIM_PREFIX):
        code, _, url = text[len(CLAIM_PREFIX) :].partition(_BETWEEN)
        return ClaimText(server_url=_url(url) if url else "", claim_code=_code(code))
    raise BadClaimSheet("this is no barcode of a claim sheet")


def _code(text: str) -> str:
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise BadClaimSheet("the claim code was misread: scan it again")
    return code


def _url(text: str) -> str:
    """The address in its one form: lower case, no slash at its end."""
    url = text.strip().lower().rstrip("/")
    found = _URL.fullmatch(url)
    if found is None or len(url) > LONGEST_URL or not 0 < int(found["port"] or 443) <= _LAST_PORT:
        raise BadClaimSheet(
            f"the server's address must look like https://example.com, in at most {LONGEST_URL} "
            "characters"
        )
    if found["scheme"] == "http" and found["host"] not in _LOOPBACK:
        raise BadClaimSheet("the server's address must begin with https://")
    return url
