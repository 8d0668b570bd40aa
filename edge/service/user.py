"""The user of the daemon: what root does with a table's files must not shut the daemon out."""

import grp
import os
import pwd
from pathlib import Path


def owner_of(directory: Path) -> pwd.struct_passwd | None:
    """Whose the folder is, or the nearest one above that exists. None for nobody known."""
    nearest = next(path for path in (directory, *directory.parents) if os.access(path, os.F_OK))
    try:
        return pwd.getpwuid(nearest.stat().st_uid)
    except KeyError:
        return None


def become_owner(directory: Path) -> None:
    """Root goes on as the folder's owner, with its groups; anybody else, and root's own, stays.

    Files made from now on are the daemon's, and what it may not do fails here as it does there.
    """
    owner = owner_of(directory) if os.geteuid() == 0 else None
    if owner is None or owner.pw_uid == 0:
        return
    os.initgroups(owner.pw_name, owner.pw_gid)
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)
    os.environ["HOME"] = owner.pw_dir


def groups_of_process() -> set[str]:
    """Names of the groups in which this process is."""
    names = set()
    for number in {os.getegid(), *os.getgroups()}:
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            names.add(str(number))
    return names
