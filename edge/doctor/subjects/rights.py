"""The user and its groups: whether the devices of the settings may be opened at all."""

import grp
import os
import pwd
from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.service.user import groups_of_process
from edge.settings import TableSettings

SUBJECT = "rights"


def check(table: Table) -> Iterator[Finding]:
    """As whom this runs, and which groups are missing."""
    user = _name_of(os.geteuid())
    groups = groups_of_process()
    said = f"{user}, in the groups {', '.join(sorted(groups))}"
    missing = [one for one in needed(table.settings) if one not in groups and _exists(one)]
    if missing and os.geteuid() != 0:
        names = ",".join(missing)
        to_do = f"sudo usermod --append --groups {names} {user}, then restart the daemon"
        yield wrong(SUBJECT, f"{said}: missing {names}", to_do=to_do)
    else:
        yield fine(SUBJECT, said)


def needed(settings: TableSettings) -> tuple[str, ...]:
    """Groups whose devices these settings use."""
    groups = {
        "video": settings.camera.kind in {"picamera2", "opencv"},
        "input": "evdev" in settings.input.kinds,
        "gpio": settings.indicator.kind not in {"terminal", "simulated"},
    }
    return tuple(name for name, is_needed in groups.items() if is_needed)


def _exists(group: str) -> bool:
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True


def _name_of(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)
