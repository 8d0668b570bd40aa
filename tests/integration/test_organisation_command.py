"""`packwitness-cloud organisation ...`: what the organisation may use (S0-08)."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.main import command_line
from cloud.main.commands import app


def test_sending_from_the_webcam_is_on_until_it_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would take the logs of all tests of this process.
    monkeypatch.setattr(command_line, "log_to_stderr", lambda _level: None)
    data = tmp_path / "data"

    def type_in(*words: str) -> str:
        answer = CliRunner().invoke(app, words, env={"PACKWITNESS_CLOUD_DATA_DIR": str(data)})
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    def entitled() -> int:
        (file,) = data.glob("*.sqlite*")
        with sqlite3.connect(file) as connection:
            found = connection.execute("SELECT webcam_entitled FROM organisations").fetchone()
        connection.close()
        return int(found[0])

    type_in("init")
    assert entitled() == 1
    for word, stored in (("off", 0), ("on", 1)):
        said = json.loads(type_in("organisation", "webcam-sending", word))
        assert said == {"webcam_sending": word}
        assert entitled() == stored
