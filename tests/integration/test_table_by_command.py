"""`packwitness-cloud table ...`: what the page Tables does, for scripts and terminals (U-22)."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cloud.main import command_line
from cloud.main.commands import app

CLAIM = re.compile(r"(?:[A-Z2-9]{5}-){3}[A-Z2-9]{5}")
Type = Callable[..., Result]


@pytest.fixture
def type_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types `packwitness-cloud table ...` at a cloud that does not run."""
    # It would take the logs of all tests of this process.
    monkeypatch.setattr(command_line, "log_to_stderr", lambda _level: None)
    environment = {"PACKWITNESS_CLOUD_DATA_DIR": str(tmp_path / "data")}

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, words, env=environment)

    assert run("init").exit_code == 0
    return lambda *words: run("table", *words)


def test_tables_are_made_listed_and_renamed(type_table: Type) -> None:
    """U-20, U-22."""
    created = json.loads(type_table("create", "North 1").stdout)
    assert CLAIM.fullmatch(created["claim_code"])
    again = json.loads(type_table("create", "North 1").stdout)
    assert again["claim_code"] != created["claim_code"]
    assert type_table("rename", "North 1", "North 2").exit_code == 0
    type_table("create", "North 10")
    listed = [json.loads(line) for line in type_table("list").stdout.splitlines()]
    assert [(one["table"], one["state"], one["device"]) for one in listed] == [
        ("North 2", "not-enrolled", None),
        ("North 10", "not-enrolled", None),
    ]


def test_a_disabled_table_gets_no_claim_code(type_table: Type) -> None:
    type_table("create", "North 2")
    assert type_table("disable", "North 2").exit_code == 0
    refused = type_table("create", "North 2")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "is disabled: enable it first" in refused.stderr
    assert type_table("enable", "North 2").exit_code == 0
    assert type_table("create", "North 2").exit_code == 0


def test_a_table_is_retired_when_somebody_says_yes(type_table: Type) -> None:
    type_table("create", "North 2")
    assert type_table("retire", "North 2").exit_code == 1
    assert "North 2" in type_table("list").stdout
    assert type_table("retire", "North 2", "--yes").exit_code == 0
    assert type_table("list").stdout == ""
    assert "North 2" in type_table("list", "--retired").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("disable", "North 9"), "there is no table named 'North 9'"),
        (("create", " "), "a table needs a name"),
        (("rename", "North 1", "South"), "there is a table named 'South' already"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    type_table: Type, words: tuple[str, ...], said: str
) -> None:
    for name in ("North 1", "South"):
        type_table("create", name)
    refused = type_table(*words)
    assert refused.exit_code == 2
    assert refused.stderr == f"packwitness-cloud: {said}\n"
