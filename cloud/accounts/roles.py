"""Who may do what: one table that the pages, the commands and the documentation share. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a member is in an organisation."""

    OWNER = "owner"
    MANAGER = "manager"
    AGENT = "agent"
    PACKER = "packer"
    IT = "it"


class Deed(StrEnum):
    """What a page lets somebody see or do. Each route names one."""

    SEE_PROOFS = "see-proofs"
    SEE_ALL_PROOFS = "see-all-proofs"
    PACK = "pack"
    SEND_AGAIN = "send-again"
    SEE_DISPUTES = "see-disputes"
    TAKE_EVIDENCE = "take-evidence"
    HOLD_PHOTOS = "hold-photos"
    EXPORT_LOG = "export-log"
    SEE_REPORTS = "see-reports"
    SEE_CHANNELS = "see-channels"
    CONNECT_SHOPS = "connect-shops"
    DECIDE_SENDING = "decide-sending"
    DECIDE_PLATFORMS = "decide-platforms"
    SEE_TABLES = "see-tables"
    MANAGE_TABLES = "manage-tables"
    REQUIRE_CODES = "require-codes"
    DECIDE_RETENTION = "decide-retention"
    EXPORT_BUYER = "export-buyer"
    ERASE_BUYER = "erase-buyer"
    SEE_AUDIT_LOG = "see-audit-log"
    MANAGE_MEMBERS = "manage-members"


MEANING: Mapping[Deed, str] = MappingProxyType(
    {
        Deed.SEE_PROOFS: "see orders, photos and what became of them: those of one's own shift",
        Deed.SEE_ALL_PROOFS: "see everybody's orders and photos, and what tables are at now",
        Deed.PACK: "pack orders with a browser or a phone: scan, take photos, send",
        Deed.SEND_AGAIN: "send again, send by hand, and answer what could not be found out",
        Deed.SEE_DISPUTES: "see what buyers ask back, and why",
        Deed.TAKE_EVIDENCE: "take evidence of an order away as files",
        Deed.HOLD_PHOTOS: "keep an order's photos from deletion, and let them go again",
        Deed.EXPORT_LOG: "take the log away as a file",
        Deed.SEE_REPORTS: "see reports, and take their numbers away as a file",
        Deed.SEE_CHANNELS: "see which shops are connected and how they stand",
        Deed.CONNECT_SHOPS: "connect shops, enter keys, authorize",
        Deed.DECIDE_SENDING: "switch sending to buyers, and write the preset message",
        Deed.DECIDE_PLATFORMS: "switch what is captured and sent, for all shops together",
        Deed.SEE_TABLES: "see how the tables are",
        Deed.MANAGE_TABLES: "create, rename, disable, retire and replace tables",
        Deed.REQUIRE_CODES: "require verification codes at the sign-in, and reset a member's",
        Deed.DECIDE_RETENTION: "decide how long photos are kept, and see what is deleted",
        Deed.EXPORT_BUYER: "find a buyer, and take all that is known of them away as a file",
        Deed.ERASE_BUYER: "delete all that is known of a buyer, for good",
        Deed.SEE_AUDIT_LOG: "see who did what",
        Deed.MANAGE_MEMBERS: "add members, change roles, end access",
    }
)
"""For docs/roles.md and its readers."""

MAY: Mapping[Role, frozenset[Deed]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Deed),
        Role.MANAGER: frozenset(Deed) - {Deed.MANAGE_MEMBERS, Deed.ERASE_BUYER},
        Role.AGENT: frozenset(
            {
                Deed.SEE_PROOFS,
                Deed.SEE_ALL_PROOFS,
                Deed.SEND_AGAIN,
                Deed.SEE_DISPUTES,
                Deed.TAKE_EVIDENCE,
                Deed.SEE_CHANNELS,
            }
        ),
        Role.PACKER: frozenset({Deed.SEE_PROOFS, Deed.PACK}),
        # Buyers' orders and photos are none of the business of who looks after machines.
        Role.IT: frozenset({Deed.SEE_TABLES, Deed.MANAGE_TABLES}),
    }
)


OVER_ALL_SHOPS: frozenset[Deed] = frozenset(
    {
        Deed.CONNECT_SHOPS,
        Deed.DECIDE_PLATFORMS,
        Deed.REQUIRE_CODES,
        Deed.DECIDE_RETENTION,
        Deed.EXPORT_BUYER,
        Deed.ERASE_BUYER,
        Deed.SEE_REPORTS,
        Deed.SEE_AUDIT_LOG,
        Deed.MANAGE_MEMBERS,
    }
)
"""What reaches beyond the shops granted to a member: for those who see all."""


def may(role: str, deed: Deed, *, sees_all_shops: bool = True) -> bool:
    """Whether a role lets its member do this. A role of another version may nothing."""
    if deed in OVER_ALL_SHOPS and not sees_all_shops:
        return False
    return role in set(Role) and deed in MAY[Role(role)]
