"""Settings of the machine: its disk, its clock, its log."""

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field

from edge.settings.section import Section


class ClockTrust(StrEnum):
    """When the wall clock counts as right."""

    TIMESYNC = "timesync"
    ALWAYS = "always"


class SpoolSection(Section):
    """Where proofs are kept, and for how long."""

    directory: Path = Field(
        Path("/var/lib/packwitness/spool"), description="folder of photos and journal"
    )
    reserve_bytes: int = Field(
        512 * 1024**2, ge=1024**2, description="bytes left free; new orders are refused below"
    )
    retention_days: int = Field(
        7, ge=0, description="days for which copies stay after the cloud has them"
    )
    retention_bytes: int = Field(
        8 * 1024**3, ge=0, description="bytes of copies kept at most, besides what is not sent"
    )


class ClockSection(Section):
    """The wall clock."""

    trust: ClockTrust = Field(
        ClockTrust.TIMESYNC,
        description="timesync: right once systemd-timesyncd says so, until then the cloud's time; "
        "always: kept right otherwise",
    )


class LogSection(Section):
    """The log."""

    file: Path | None = Field(None, description="file to write to, instead of standard error")
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error"
    )
