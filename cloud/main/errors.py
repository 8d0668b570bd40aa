"""What keeps the program from starting; each is one line for the person who typed the command."""


class StartError(Exception):
    """Base: the text names what is wrong and what to do."""


class AlreadyRunning(StartError):
    """Another process has the data folder."""


class DataFolderUnusable(StartError):
    """The data folder cannot be made or written to."""


class RestoredCopy(StartError):
    """The database is a copy that nobody has said to be in the place of the lost one."""


class BadSettings(StartError):
    """A setting cannot be used; the text names the field."""


class AddressTaken(StartError):
    """Another program listens where this one should."""
