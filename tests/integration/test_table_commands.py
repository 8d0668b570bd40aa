"""The commands beside the daemon: settings, spool list, doctor, enroll."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli import main
from edge.labels import factory
from tests.support.table_process import PASSWORD, TableProcess, write_table

ORDER = "220101AAAAAAAA"


@pytest.fixture
def broker() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_settings_say_where_each_value_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_table(tmp_path)
    monkeypatch.setenv("PACKWITNESS_EDGE_CAMERA__STALL_MS", "900")
    code, out, _ = _run(capsys, "--config", file, "--set", "camera.device=7", "settings")
    assert code == 0
    assert "camera.stall_ms = 900" in out
    assert "[PACKWITNESS_EDGE_CAMERA__STALL_MS]" in out
    assert "[command line]" in out
    assert f"[{file}:5]" in out
    assert PASSWORD not in out


def test_a_wrong_setting_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path)
    code, _, err = _run(capsys, "--config", file, "--set", "camera.kind=film", "run")
    assert code == 2
    assert err.startswith("packwitness-edge: command line: camera.kind: ")
    assert len(err.splitlines()) == 1


def test_spool_list_shows_proofs_beside_a_running_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path)
    with TableProcess(file) as table:
        table.see("Ready")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        code, out, _ = _run(capsys, "--config", file, "spool", "list")
        assert table.stop() == 0
    assert code == 0
    first, photo = out.splitlines()
    assert f"{ORDER}  packing  open  1 photo" in first
    assert ORDER in photo
    assert photo.endswith(".jpg")


def test_spool_list_without_a_spool_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = _run(capsys, "--config", write_table(tmp_path), "spool", "list")
    assert code == 1
    assert "packwitness-edge run" in err


def test_doctor_is_content_with_a_table_that_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broker: int
) -> None:
    file = write_table(tmp_path, port=broker)
    code, out, _ = _run(capsys, "--config", file, "doctor")
    assert code == 0, out
    assert "WRONG" not in out
    assert PASSWORD not in out


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ("camera.kind=folder", "camera"),
        ("uplink.port=1", "broker"),
        ("enrolment.credentials_file=/nowhere/credentials.json", "enrolment"),
        ("spool.directory=/proc/spool", "spool"),
    ],
)
def test_doctor_says_what_is_wrong_and_what_to_do(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    broker: int,
    change: str,
    subject: str,
) -> None:
    file = write_table(tmp_path, port=broker)
    code, out, _ = _run(capsys, "--config", file, "--set", change, "doctor")
    assert code == 1
    wrong = [line for line in out.splitlines() if line.startswith("WRONG")]
    assert [line.split()[1].rstrip(":") for line in wrong] == [subject]
    assert "to do: " in out


PATTERNS = 'codes.order_patterns=["[0-9]{14}"]'


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (PATTERNS, "labels in photos: read, and compared"),
        ("packing.label_check=false", "labels in photos: not read: switched off"),
        ("camera.checks=false", "labels in photos: not read: codes.order_patterns is empty"),
    ],
)
def test_doctor_says_whether_labels_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broker: int, change: str, says: str
) -> None:
    file = write_table(tmp_path, port=broker)
    code, out, _ = _run(capsys, "--config", file, "--set", change, "doctor")
    assert (code, says in out) == (0, True), out


def test_doctor_finds_a_reader_of_labels_that_does_not_load(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    broker: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(factory, "is_installed", lambda: True)
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    file = write_table(tmp_path, port=broker)
    code, out, _ = _run(capsys, "--config", file, "--set", PATTERNS, "doctor")
    assert code == 1
    assert "labels in photos: cannot be read" in out


def test_doctor_beside_a_running_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broker: int
) -> None:
    file = write_table(tmp_path, port=broker)
    with TableProcess(file) as table:
        table.see("Ready")
        _, out, _ = _run(capsys, "--config", file, "doctor")
        assert table.stop() == 0
    assert "in use by the running daemon" in out


def test_enrolling_without_a_server_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = _run(capsys, "--config", write_table(tmp_path), "enroll")
    assert code == 1
    assert "--server" in err


def test_a_spool_of_another_table_is_refused_until_it_is_adopted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with TableProcess(write_table(tmp_path, device_id="table-02")) as table:
        table.see("Ready")
        assert table.stop() == 0
    file = write_table(tmp_path)
    with TableProcess(file) as table:
        assert table.end() == 1
        assert any("table-02" in line for line in table.log)
    code, out, _ = _run(capsys, "--config", file, "spool", "adopt")
    assert (code, "Table 1" in out) == (0, True)
    with TableProcess(file) as table:
        table.see("Ready")
        assert table.stop() == 0
