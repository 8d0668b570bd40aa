"""Whether a new start of the machine may help a daemon that does not stay up. Pure.

It does not help against wrong settings, a table that is not enrolled or a light that is not wired,
and a technician at work must not be surprised by it.
"""

from collections.abc import Mapping

from edge.errors import TableNeedsReboot

NEEDS_REBOOT = TableNeedsReboot.exit_code
"""Exit code of a daemon that asks for it; the units know the number."""
_STUCK = frozenset("DZX")
"""States of a process that nothing can end any more, or that is ending (proc(5))."""


def reboot_reason(environment: Mapping[str, str], holder_state: str) -> str:
    """Why to reboot; empty for no.

    ``environment``: the variables in which systemd says how the daemon ended (MONITOR_...).
    ``holder_state``: of the process that still has the photos, empty if there is none.
    """
    code, status = environment.get("MONITOR_EXIT_CODE"), environment.get("MONITOR_EXIT_STATUS")
    if (code, status) == ("exited", str(NEEDS_REBOOT)):
        return "the daemon asked for it"
    if code in {"killed", "dumped"}:
        return f"the daemon was killed again and again (signal {status})"
    if holder_state and holder_state in _STUCK:
        return "a daemon that cannot be ended still has the photos"
    return ""
