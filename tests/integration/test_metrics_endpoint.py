"""`GET /metrics`: off until it is asked for, what it shows, and what it must not (issue 3)."""

import re
import socket
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import Scope
from cloud.database.write import Database
from cloud.fleet.models import Device
from cloud.main.backlog import REMEMBERED_S, Backlog
from tests.support.cloud_program import Cloud
from tests.support.mosquitto import free_port
from tests.support.outbox_rows import TEST, OutboxRows
from tests.support.running_link import add_device

PORT = "PACKWITNESS_CLOUD_METRICS__PORT"
SHOWN = {
    "build_info": "1.0",
    "broker_connected": "1.0",
    "partitions_held": "64.0",
    "database_readable": "1.0",
    'dispatches_waiting{state="queued"}': "0",
    'messages_total{outcome="sent",reason=""}': "0.0",
    'tables{online="true"}': "0",
}
_LABELS = {
    "version", "closing", "what", "error", "outcome", "reason", "le", "channel", "result",
    "state", "online",
}  # fmt: skip


def gauges(backlog: Backlog) -> dict[str, float]:
    """Name and label values to value."""
    return {
        " ".join([sample.name.removeprefix("packwitness_"), *sample.labels.values()]): sample.value
        for metric in backlog.collect()
        for sample in metric.samples
    }


def test_a_real_cloud_shows_its_metrics_on_the_port_that_is_set(tmp_path: Path) -> None:
    port = free_port()
    cloud = Cloud(tmp_path / "data", {PORT: str(port)})
    with cloud.serving() as serving:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        lines = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
        for name, shown in SHOWN.items():
            found = [one for key, one in lines.items() if key.startswith(f"packwitness_{name}")]
            assert [float(one) for one in found] == [float(shown)], name
        assert float(lines["process_resident_memory_bytes"]) > 0
        assert serving.password() not in answer.text
        assert set(re.findall(r'(\w+)="', answer.text)) <= _LABELS
        # Bound to loopback alone, and not among the pages.
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=5)
        assert "packwitness_" not in httpx.get(f"{cloud.url}/metrics").text
        assert serving.end() == 0


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = Cloud(tmp_path / "data", {PORT: str(port)}).run("serve")
    assert refused.returncode == 2
    [line] = [text for text in refused.stderr.splitlines() if not text.startswith("{")]
    assert f"the metrics cannot have port {port}" in line
    assert "metrics.port" in line


def test_what_waits_is_counted_with_the_age_of_the_oldest(database: Database) -> None:
    rows, backlog = OutboxRows(database), Backlog(database)
    shop_id = rows.shop()
    rows.dispatch(shop_id, "1", asked_at=utc_now() - timedelta(hours=2))
    rows.dispatch(shop_id, "2", asked_at=utc_now() - timedelta(hours=1))
    [held] = rows.dispatch(shop_id, "3")
    rows.park(held, DispatchState.HELD)
    shown = gauges(backlog)
    assert shown["dispatches_waiting queued"] == 2
    assert 7200 <= shown["oldest_dispatch_seconds queued"] < 7300
    assert shown["dispatches_waiting held"] == 1
    assert shown["dispatches_waiting needs-person"] == 0
    assert shown["oldest_dispatch_seconds needs-person"] == 0
    assert (shown["messages_in_doubt"], shown["database_readable"]) == (0, 1)


def test_tables_are_counted_by_whether_they_are_online(database: Database) -> None:
    _, organisation_id = add_device(database, "table-01")
    for number in (2, 3):
        add_device(database, f"table-0{number}", organisation_id=organisation_id)

    def unit(session: Session) -> None:
        session.get_one(Device, 1).online = True
        session.get_one(Device, 2).revoked_at = utc_now()

    database.write(unit, TEST)
    shown = gauges(Backlog(database))
    assert (shown["tables true"], shown["tables false"]) == (1, 1)


def test_the_database_is_read_once_in_ten_seconds_however_often_it_is_asked(
    database: Database,
) -> None:
    rows, now_s = OutboxRows(database), [100.0]
    backlog = Backlog(database, monotonic_s=lambda: now_s[0])
    assert gauges(backlog)["dispatches_waiting queued"] == 0
    rows.dispatch(rows.shop(), "1")
    now_s[0] += REMEMBERED_S - 0.1
    assert gauges(backlog)["dispatches_waiting queued"] == 0
    now_s[0] += 0.1
    assert gauges(backlog)["dispatches_waiting queued"] == 1


def test_a_database_that_is_away_is_shown_and_ends_no_scrape(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_scope: Scope) -> None:
        raise DatabaseBusy("away")

    monkeypatch.setattr(database, "read", read)
    assert gauges(Backlog(database)) == {"database_readable": 0}
