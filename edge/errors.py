"""What keeps a table from starting or running. Devices, spool and uplink have their own trees."""

from typing import ClassVar


class TableError(Exception):
    """Base; the text is fit for a person and says what to do."""

    exit_code: ClassVar[int] = 1
    """What the program ends with."""


class SettingsError(TableError):
    """A setting is wrong; the text names field, origin and line."""

    exit_code = 2


class TableCannotStart(TableError):
    """Something the table needs is missing or in use."""


class TableFault(TableError):
    """The running table cannot go on; its supervisor has to start it again."""


class TableNeedsReboot(TableFault):
    """Nothing below the daemon answers any more: only a new start of the machine may help.

    Its supervisor counts reboots and does none beyond the count (``edge.service.reboots``); ask
    ``RebootLog.left`` before raising this, and stay up with a fault sign when none is left.
    """

    exit_code = 100
    """The unit of systemd knows this number."""
