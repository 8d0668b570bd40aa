"""The doctor's look at the cloud's pages: TLS, the end of the certificate, and the clock there."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge.doctor.finding import Finding
from edge.doctor.subjects import server
from edge.doctor.table import Table, look_at
from edge.settings import TableSettings
from edge.settings.cloud import EnrolmentSection, UplinkSection
from edge.system_clock import SystemClock
from tests.support.certificates import Authority
from tests.support.mosquitto import ServerTls, free_port


def _table(folder: Path, uplink: UplinkSection, server_url: str) -> Table:
    enrolment = EnrolmentSection(
        credentials_file=folder / "credentials.json", server_url=server_url
    )
    settings = TableSettings(uplink=uplink, enrolment=enrolment)
    return look_at(settings, SystemClock(always_synced=True))


def _said(findings: Iterator[Finding]) -> list[tuple[str, bool]]:
    return [(one.subject, one.ok) for one in findings]


class _Answer(BaseHTTPRequestHandler):
    behind = timedelta(0)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = datetime.now(UTC) - self.behind
        return super().date_time_string(timestamp or now.timestamp())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base's
        pass


@contextmanager
def _serving(behind: timedelta = timedelta(0), tls: ServerTls | None = None) -> Iterator[int]:
    handler = type("_AnswerThen", (_Answer,), {"behind": behind})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield http.server_port
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(("days_ago", "ok"), [(1, True), (25, False)])
def test_the_end_of_the_certificate_is_told_and_a_near_one_is_wrong(
    tmp_path: Path, days_ago: int, ok: bool
) -> None:
    authority = Authority(tmp_path / "authority.pem")
    begins = datetime.now(UTC) - timedelta(days=days_ago)
    tls = authority.certificate(tmp_path, begins, "localhost")
    uplink = UplinkSection(ca_file=authority.file)
    with _serving(tls=tls) as port:
        found, _ = server.check(_table(tmp_path, uplink, f"https://localhost:{port}"))
    assert found.ok is ok
    assert "answers with TLSv1." in found.text


@pytest.mark.parametrize(("behind", "ok"), [(timedelta(0), True), (timedelta(hours=8), False)])
def test_the_clock_is_compared_with_the_clouds(tmp_path: Path, behind: timedelta, ok: bool) -> None:
    with _serving(behind) as port:
        url = f"http://127.0.0.1:{port}"
        found = _said(server.check(_table(tmp_path, UplinkSection(), url)))
    assert found == [("server", True), ("clock offset", ok)]


def test_a_server_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert _said(server.check(_table(tmp_path, UplinkSection(), url))) == [("server", False)]


def test_a_server_that_is_not_known_yet_is_no_fault(tmp_path: Path) -> None:
    assert _said(server.check(_table(tmp_path, UplinkSection(), ""))) == [("server", True)]
