"""What can be refused about tables and devices."""


class FleetError(Exception):
    """Base of the errors of the fleet."""


class ClaimRefused(FleetError):
    """A claim code cannot be used: unknown, used already, or expired. The text says which."""


class TableExists(FleetError):
    """A table of that name is there already."""


class TooManyClaims(FleetError):
    """Too many refused claim codes came from one address; try again later."""


class CredentialsRefused(FleetError):
    """A device is not let in: unknown, revoked, or not its password. The text says which."""


class DeviceNotAdmitted(FleetError):
    """The broker did not accept a newly enrolled device in time; its claim can be used again."""


class UnknownTable(FleetError):
    """There is no such table in this organisation."""


class TableRetired(FleetError):
    """The table is gone for good; nothing about it changes any more."""


class TableDisabled(FleetError):
    """The table is switched off: enable it first."""


class BadTableName(FleetError):
    """A text cannot be the name of a table; the error says why."""


class NoSheetAddress(FleetError):
    """The server's address cannot stand on a claim sheet: tables enrol over HTTPS alone."""


class NoSuchMember(FleetError):
    """The organisation has no such member, or they have left."""
