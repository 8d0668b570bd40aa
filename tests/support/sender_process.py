"""A dispatcher as a process of its own that a test can stop or kill between commit and request.

    python -m tests.support.sender_process DATABASE FOLDER SIGNAL

FOLDER has the key file and the photos of a `Bench`. The process sends itself SIGNAL (a name, or
"none") once, right after `sending` was committed for the first time and before its request.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cloud.database.feed import ChangeFeed
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.dispatcher.engine import Dispatcher
from cloud.dispatcher.sending import Sending
from cloud.main.process import end_process, log_to_stderr
from cloud.marketplaces.http_clients import HttpClients
from cloud.photos.local import LocalPhotoStore
from cloud.shops.gateway import ShopGateway
from tests.support.dispatch_bench import SETTINGS, Bench

ROOT = Path(__file__).parents[2]
LEASE = timedelta(seconds=3)
OWN = replace(SETTINGS, senders=1, lease=LEASE, request_deadline_s=1.0)


def _signal_after_begin(name: str) -> None:
    begin = Sending._begin
    left = [1]

    def begin_then(self: Sending, *arguments: Any) -> Any:
        request = begin(self, *arguments)
        if left and left.pop():
            os.kill(os.getpid(), signal.Signals[name])
        return request

    vars_of: Any = Sending
    vars_of._begin = begin_then  # the moment that a test is about


def main(address: str, folder: Path, name: str) -> None:
    log_to_stderr("INFO")
    if name != "none":
        _signal_after_begin(name)
    database = Database.open(address, on_death=end_process)
    dispatcher = Dispatcher(
        database=database,
        store=LocalPhotoStore(folder / "photos", owner=False),
        feed=ChangeFeed(database, on_death=end_process),
        gateway=ShopGateway(database, SecretBox(folder / "key"), HttpClients()),
        settings=OWN,
        on_death=end_process,
    )
    dispatcher.start()
    print(dispatcher.sender_id, flush=True)  # noqa: T201  tells the test who it is
    threading.Event().wait()


class SenderProgram:
    """The running program, as a test sees it."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self.program = program
        assert program.stdout is not None
        self.sender_id = program.stdout.readline().strip()

    def is_stopped(self) -> bool:
        """Whether the kernel has stopped it."""
        stat = Path(f"/proc/{self.program.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def go_on(self) -> None:
        self.program.send_signal(signal.SIGCONT)


@contextmanager
def sender_program(bench: Bench, name: str = "none") -> Iterator[SenderProgram]:
    """Start it on the bench's database; it is killed with the block."""
    url = bench.database.engines.writer.url.render_as_string(hide_password=False)
    folder = bench.store_folder.parent
    with (
        (folder / "sender.log").open("a") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.sender_process", url, str(folder), name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as program,
    ):
        try:
            yield SenderProgram(program)
        finally:
            program.kill()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
