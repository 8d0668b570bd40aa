"""What goes wrong while the programs are started and shown. Each text is one line for a person."""


class LauncherError(Exception):
    """Base: the text names what is wrong and what to do, or which log to read."""


class PortTaken(LauncherError):
    """Another program listens where one of ours should."""


class InUse(LauncherError):
    """Another launcher works with this data."""


class NoRoom(LauncherError):
    """The disk has too little room to begin."""


class ProgramFailed(LauncherError):
    """A program could not be started, or ended."""


class TookTooLong(LauncherError):
    """Something awaited did not come in time."""


class NotAsPromised(LauncherError):
    """The buyer's chat does not hold exactly what the table photographed."""
