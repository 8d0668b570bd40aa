"""The roles of the program. Each is built in a file of its own, which is loaded where it is run."""

from enum import StrEnum


class Role(StrEnum):
    """What a process may do. `serve` does all of it in one."""

    WEB = "web"
    LINK = "link"
    DISPATCH = "dispatch"
    SYNC = "sync"
    BROKER = "broker"
