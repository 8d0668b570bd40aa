"""An app's callback address: a real HTTP server that remembers what it was told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE_S = 20.0


@dataclass(frozen=True)
class Told:
    """One push as it came."""

    authorization: str
    content_type: str
    body: bytes


@dataclass
class PushReceiver:
    """Answers with `status` and `answer`, once `may_answer` is set."""

    url: str = ""
    status: int = 200
    answer: bytes = b""
    may_answer: threading.Event = field(default_factory=threading.Event)
    told: list[Told] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, told: Told) -> None:
        with self._changed:
            self.told.append(told)
            self._changed.notify_all()

    def first(self, count: int) -> list[Told]:
        """The first so many pushes, waited for."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.told) >= count, DEADLINE_S)
            assert came, f"{len(self.told)} of {count} pushes came"
            return self.told[:count]


@contextmanager
def receiving() -> Iterator[PushReceiver]:
    """A receiver on a free port until the block ends."""
    receiver = PushReceiver()
    receiver.may_answer.set()

    class Callback(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.add(Told(self.headers["Authorization"], self.headers["Content-Type"], body))
            receiver.may_answer.wait(DEADLINE_S)
            try:
                self.send_response(receiver.status)
                self.send_header("Content-Length", str(len(receiver.answer)))
                self.end_headers()
                self.wfile.write(receiver.answer)
            except ConnectionError:
                pass  # The marketplace did not wait so long.

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Callback) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/shopee"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.may_answer.set()
            server.shutdown()
            thread.join()
