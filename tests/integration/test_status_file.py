"""What the running daemon tells of itself, and what the doctor makes of it."""

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.service.status_file import FILE_NAME, FOLDER_VARIABLE, read_status
from tests.support.table_process import TableProcess, write_table

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


def _examine(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[bool, str]]:
    main(["--config", str(file), "doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    return {one["subject"]: (one["ok"], one["text"]) for one in report["findings"]}


def test_the_doctor_takes_what_the_daemon_knows_and_opens_nothing_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    file = write_table(tmp_path)
    with TableProcess(file) as table:
        table.see("Ready")
        found = _examine(file, capsys)
        table.enter_and_see("220101AAAAAAAA", "Order open")
        table.enter_and_see("p", "1 photo ")
        assert table.stop() == 0
    assert "running daemon" in found["camera"][1]
    assert "running daemon" in found["spool"][1]
    assert found["daemon"][1].startswith("runs without a fault")
    assert not (folder / FILE_NAME).exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"health": {}, "monotonic_ns": "x"}', "\0"])
def test_a_status_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert read_status(tmp_path, 0) is None
