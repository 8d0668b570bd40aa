"""What a claim sheet says, for whoever prints it: the codes that a table's scanner reads. Pure."""

from dataclasses import dataclass, field
from typing import Self

from cloud.fleet.errors import NoSheetAddress
from wire.claim_sheet import BadClaimSheet, ClaimSheet


@dataclass(frozen=True, slots=True)
class SheetTexts:
    """The texts of one sheet. They hold the claim code, so they are in no log."""

    server_url: str
    claim_code: str = field(repr=False)
    server_barcode: str
    """For readers of bars alone, together with the next one, in either order."""
    claim_barcode: str = field(repr=False)
    whole: str = field(repr=False)
    """For readers of square codes: both in one."""

    @classmethod
    def of(cls, server_url: str, claim_code: str) -> Self:
        """The texts for a server and a code.

        Raises:
            NoSheetAddress: no table would enrol at that address; the error says why.
        """
        try:
            sheet = ClaimSheet(server_url, claim_code)
        except BadClaimSheet as error:
            raise NoSheetAddress(str(error)) from None
        return cls(
            sheet.server_url,
            sheet.claim_code,
            sheet.server_barcode,
            sheet.claim_barcode,
            sheet.whole,
        )


def can_stand_on_a_sheet(server_url: str) -> bool:
    """Whether tables would enrol at an address that they scan."""
    try:
        SheetTexts.of(server_url, "AAAAA-AAAAA-AAAAA-AAAAA")
    except NoSheetAddress:
        return False
    return True
