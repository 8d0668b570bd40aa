"""The package of a table in a real Debian without a network: install, upgrade, remove, purge."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.spool.reader import SpoolReader
from tests.support.deb import build_deb, own_architecture, with_version
from tests.support.debian_root import ENVIRONMENT, DebianRoot, debian_root, why_not
from tests.support.table_process import TableProcess, write_table

STATE = "/var/lib/packwitness"
COMMAND = "/usr/bin/packwitness-edge"
WANTED = "etc/systemd/system/multi-user.target.wants/packwitness-edge.service"

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_deb(tmp_path_factory.mktemp("deb"), own_architecture())


@pytest.fixture(params=["bookworm", "trixie"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DebianRoot]:
    reason = why_not()
    if reason is not None:
        pytest.fail(reason)  # whoever asked for this test wants it
    release: str = request.param
    with debian_root(release, tmp_path) as made:
        yield made


def _install_from_stick(root: DebianRoot, deb: Path) -> None:
    root.bring(deb)
    root.install(*(f"/stick/{one.name}" for one in sorted((root.path / "stick").glob("*.deb"))))


def _enrol(root: DebianRoot) -> None:
    """As a table that knows its cloud and cannot reach it."""
    state = root.path / STATE.lstrip("/")
    owner = state.stat()
    write_table(state)
    settings = state / "table.toml"
    settings.write_text(settings.read_text().replace(str(root.path), ""))
    for file in state.iterdir():
        os.chown(file, owner.st_uid, owner.st_gid)
    (root.path / "etc/packwitness/table.toml").write_text(settings.read_text())


def _pack(root: DebianRoot, order: str) -> None:
    command = ["env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items())]
    program = [*command, *root.command(COMMAND, user="packwitness")]
    with TableProcess(Path("/etc/packwitness/table.toml"), command=program) as table:
        table.see("Ready")
        table.enter_and_see(order, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("s", "Saved")
        assert table.stop() == 0


def _packed(root: DebianRoot) -> list[str]:
    reader = SpoolReader.open_reader(root.path / STATE.lstrip("/") / "spool")
    try:
        proofs = reader.list_proofs(100)
    finally:
        reader.close()
    for proof in proofs:
        assert [photo.exists() for photo in proof.photos] == [True]
    return [proof.code for proof in reversed(proofs)]


def test_a_table_lives_through_upgrades_and_removal(
    root: DebianRoot, deb: Path, tmp_path: Path
) -> None:
    _install_from_stick(root, deb)
    assert (root.path / WANTED).is_symlink()
    folder = (root.path / STATE.lstrip("/")).stat()
    assert stat.S_IMODE(folder.st_mode) == 0o750
    assert folder.st_uid != 0

    _enrol(root)
    _pack(root, "220101AAAAAAAA")
    assert _packed(root) == ["220101AAAAAAAA"]

    root.install(root.bring(with_version(deb, "99.0", tmp_path)))
    assert "99.0" in root.do("dpkg-query", "--show", "packwitness-edge")
    _pack(root, "220101BBBBBBBB")
    assert _packed(root) == ["220101AAAAAAAA", "220101BBBBBBBB"]

    root.install(f"/stick/{deb.name}")
    _pack(root, "220101CCCCCCCC")
    kept = ["220101AAAAAAAA", "220101BBBBBBBB", "220101CCCCCCCC"]
    assert _packed(root) == kept

    root.do("apt-get", "remove", "--yes", "packwitness-edge")
    assert not (root.path / "opt/packwitness").exists()
    assert (root.path / "etc/packwitness/table.toml").exists()
    assert _packed(root) == kept

    said = root.do("apt-get", "purge", "--yes", "packwitness-edge")
    assert f"photos and credentials stay in {STATE}" in said
    assert not (root.path / "etc/packwitness/table.toml").exists()
    assert (root.path / f"{STATE}/credentials.json".lstrip("/")).exists()
    assert _packed(root) == kept


def test_what_it_says_of_itself_after_installation(root: DebianRoot, deb: Path) -> None:
    """Its files are whole; root's doctor looks as the daemon's user does and makes its files."""
    _install_from_stick(root, deb)
    assert not root.do("dpkg", "--verify", "packwitness-edge")
    _enrol(root)
    examined = root.run(COMMAND, "doctor", "--json")
    report = json.loads(examined.stdout)
    findings = {one["subject"]: one for one in report["findings"]}
    assert findings["camera"]["ok"], examined.stdout
    assert findings["spool"]["ok"], examined.stdout
    assert not findings["broker"]["ok"]  # there is no network
    assert examined.returncode == 1
    assert report["ok"] is False
    assert findings["rights"]["text"].startswith("packwitness, in the groups ")
    state = root.path / STATE.lstrip("/")
    assert (state / "spool").stat().st_uid == state.stat().st_uid


def test_a_unit_that_was_switched_off_stays_off_after_an_upgrade(
    root: DebianRoot, deb: Path, tmp_path: Path
) -> None:
    _install_from_stick(root, deb)
    root.do("systemctl", "disable", "packwitness-edge.service")
    settings = root.path / "etc/packwitness/table.toml"
    settings.write_text("[camera]\nkind = 'simulated'\n")
    root.install(root.bring(with_version(deb, "99.0", tmp_path)))
    assert not (root.path / WANTED).is_symlink()
    assert settings.read_text() == "[camera]\nkind = 'simulated'\n"


def test_an_older_program_leaves_a_newer_spool_alone_and_says_so(
    root: DebianRoot, deb: Path
) -> None:
    _install_from_stick(root, deb)
    _enrol(root)
    _pack(root, "220101AAAAAAAA")
    journal = f"{STATE}/spool/journal.sqlite3"
    code = f"import sqlite3; sqlite3.connect({journal!r}).execute('PRAGMA user_version = 999')"
    root.do("/opt/packwitness/bin/python3", "-c", code, user="packwitness")
    refused = root.run(COMMAND, "run", user="packwitness")
    assert refused.returncode == 1
    assert "install the newer program again" in refused.stderr
