"""Credentials that systemd hands to a table are taken over once."""

import stat
from pathlib import Path

import pytest

from edge.given_credentials import take_over_given
from edge.uplink.credentials import load_credentials
from edge.uplink.errors import CredentialsError
from tests.support.table_process import PASSWORD, write_table


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """The folder of systemd, with credentials in it."""
    (tmp_path / "from-it").mkdir()
    write_table(tmp_path / "from-it")
    folder = tmp_path / "given"
    folder.mkdir()
    (tmp_path / "from-it" / "credentials.json").rename(folder / "packwitness.table")
    (folder / "packwitness.table").chmod(0o440)  # systemd lets the service in by an ACL
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def test_become_the_table_s_own(tmp_path: Path, given: dict[str, str]) -> None:
    own = tmp_path / "credentials.json"
    take_over_given(own, given)
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    credentials = load_credentials(own)
    assert credentials.device_id == "table-01"
    assert credentials.password.get_secret_value() == PASSWORD


def test_its_own_are_kept(tmp_path: Path, given: dict[str, str]) -> None:
    own = tmp_path / "credentials.json"
    own.write_text("renewed since")
    take_over_given(own, given)
    assert own.read_text() == "renewed since"


@pytest.mark.parametrize("environment", [{}, {"CREDENTIALS_DIRECTORY": "/nowhere"}])
def test_none_are_needed(tmp_path: Path, environment: dict[str, str]) -> None:
    take_over_given(tmp_path / "credentials.json", environment)
    assert not (tmp_path / "credentials.json").exists()


@pytest.mark.parametrize("text", ["", "{}", f'{{"password": "{PASSWORD}"}}'])
def test_what_makes_no_sense_is_refused_and_not_shown(
    tmp_path: Path, given: dict[str, str], text: str
) -> None:
    file = Path(given["CREDENTIALS_DIRECTORY"]) / "packwitness.table"
    file.chmod(0o600)
    file.write_text(text)
    with pytest.raises(CredentialsError, match="are no credentials of a table") as error:
        take_over_given(tmp_path / "credentials.json", given)
    assert PASSWORD not in str(error.value)
    assert not (tmp_path / "credentials.json").exists()
