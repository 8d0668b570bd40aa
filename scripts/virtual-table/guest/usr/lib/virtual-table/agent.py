"""Does what the host drops into the shared folder: shell scripts, and hands at scanner and pedal.

`in/NAME.sh` is run by sh; `in/NAME.json` is an action of a device. What came of it is in
`out/NAME.out`, and `out/NAME.status` appears last. Other files are not finished yet.
"""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import scanner
from light import Light
from pedal import Pedal

SHARE = Path("/host")
PERIOD_S = 0.02

Action = Callable[[dict[str, Any]], dict[str, Any]]


def main() -> None:
    """Serves until the power goes."""
    mount_share()
    asks, answers = SHARE / "in", SHARE / "out"
    for left in asks.iterdir():
        left.unlink()  # asked of the boot before this one
    pedal = Pedal()
    Light(SHARE / "light")
    actions: dict[str, Action] = {
        "type": scanner.type_text,
        "plug": scanner.plug,
        "plug-pedal": pedal.plug,
        "press": pedal.press,
    }
    (SHARE / "up").write_text(Path("/proc/uptime").read_text().split()[0])
    notify_ready()
    pace = threading.Event()
    while True:
        for one in sorted(asks.iterdir()):
            if one.suffix == ".sh":
                script = answers / f"{one.name}.script"
                one.rename(script)
                start(run_script, script, answers / one.stem)
            elif one.suffix == ".json":
                ask = json.loads(one.read_text())
                one.unlink()
                start(act, actions[ask["do"]], ask, answers / one.stem)
        pace.wait(PERIOD_S)  # a folder of the host tells nobody of new files


def start(work: Callable[..., None], *arguments: object) -> None:
    """In a thread of its own: one that takes long keeps no other waiting."""
    threading.Thread(target=work, args=arguments, daemon=True).start()


def run_script(script: Path, answer: Path) -> None:
    """Runs a script; its output is there while it runs."""
    with answer.with_suffix(".out").open("wb") as output:
        done = subprocess.run(
            ["sh", str(script)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    finish(answer, done.returncode)


def act(action: Action, ask: dict[str, Any], answer: Path) -> None:
    """Does something at a device; status 1 and the error's words where that failed."""
    try:
        said = json.dumps(action(ask))
        status = 0
    except Exception as error:  # noqa: BLE001 - whatever it was, the host must hear of it
        said = f"{type(error).__name__}: {error}"
        status = 1
    answer.with_suffix(".out").write_text(said)
    finish(answer, status)


def finish(answer: Path, status: int) -> None:
    """The status appears whole and last."""
    unfinished = answer.with_suffix(".unfinished")
    unfinished.write_text(str(status))
    unfinished.rename(answer.with_suffix(".status"))


def mount_share() -> None:
    """The host's folder, whose path is told on the kernel's command line."""
    words = Path("/proc/cmdline").read_text().split()
    path = next(one.removeprefix("share=") for one in words if one.startswith("share="))
    SHARE.mkdir(exist_ok=True)
    if not SHARE.is_mount():
        subprocess.run(
            ["mount", "-t", "hostfs", "-o", f"hostfs={path}", "none", str(SHARE)], check=True
        )


def notify_ready() -> None:
    """To systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])


if __name__ == "__main__":
    main()
