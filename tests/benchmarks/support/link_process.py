"""The link alone, as a process: ``python -m ... PORT PASSWORD FOLDER``, ended by SIGTERM."""

import signal
import sys
from pathlib import Path

from cloud.database.feed import ChangeFeed
from cloud.database.write import Database
from cloud.dispatcher.advice import Advised
from cloud.link.service import Link
from cloud.link.settings import LinkSettings
from cloud.main.process import end_process
from cloud.photos.local import LocalPhotoStore
from tests.benchmarks.support.bare_subscriber import say_ready
from wire.messages import AdviceKind

READY_S = 30.0


def main(port: int, password: str, folder: Path) -> None:
    """Run until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    database = Database.open(f"sqlite:///{folder / 'cloud.sqlite3'}", on_death=end_process)
    feed = ChangeFeed(database, on_death=end_process)
    link = Link(
        LinkSettings(host="127.0.0.1", port=port, username="cloud", password=password),
        database=database,
        store=LocalPhotoStore(folder / "photos"),
        feed=feed,
        ask_for_dispatch=lambda _session, _proof, _now: None,
        advise=lambda _organisation_id, _code: Advised(AdviceKind.KNOWN),
        on_death=end_process,
    )
    link.start()
    if not link.wait_connected(READY_S):
        raise TimeoutError("the broker does not accept the link")
    say_ready()
    signal.sigwait({signal.SIGTERM})
    feed.close()
    link.stop()
    database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
