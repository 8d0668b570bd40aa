"""A real table at a real cloud: enrolled by its scanner, shut out, enrolled again, renewed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli import main
from edge.spool.ownership import is_unenrolled, owner_in
from edge.uplink.credentials import Credentials, load_credentials
from edge.uplink.enrolment import enroll
from tests.support.cloud_program import Cloud
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually
from wire.claim_sheet import ClaimSheet

EARLIER, LATER, LAST = "220101AAAAAAAA", "220102BBBBBBBB", "220103CCCCCCCC"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    cloud = Cloud(tmp_path_factory.mktemp("cloud") / "data")
    with cloud.serving():
        yield cloud


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Of a table that is not enrolled."""
    file = write_table(tmp_path)
    (tmp_path / "credentials.json").unlink()
    return file


@pytest.fixture
def sheet(cloud: Cloud, request: pytest.FixtureRequest) -> ClaimSheet:
    return new_sheet(cloud, request.node.name)


def new_sheet(cloud: Cloud, table: str) -> ClaimSheet:
    """Of another table, in the same organisation."""
    said = cloud.run("table", "create", table[:70])
    found = re.search(r"\b[A-Z2-9]{5}(-[A-Z2-9]{5}){3}\b", said.stdout)
    assert found is not None, said
    return ClaimSheet(cloud.url, found[0])


def pack(table: TableProcess, code: str) -> None:
    table.enter_and_see(code, f"Order open - {code}")
    table.enter_and_see("p", f"1 photo - {code}")
    table.enter_and_see("s", f"Saved, go on - {code}")


def wait_receipted(folder: Path, *codes: str) -> None:
    eventually(lambda: {one.code for one in proofs(folder) if one.receipted} >= set(codes))


def credentials(folder: Path) -> Credentials:
    return load_credentials(folder / "credentials.json")


def test_a_table_packs_before_it_is_enrolled_and_sends_it_afterwards(
    tmp_path: Path, settings: Path, sheet: ClaimSheet
) -> None:
    """U-22: without a restart."""
    with TableProcess(settings) as table:
        table.see("Ready, not enrolled - this table is not enrolled: scan its claim sheet")
        pack(table, EARLIER)
        assert is_unenrolled(owner_in(tmp_path / "spool"))
        table.enter_and_see(sheet.server_barcode, "now scan the claim code")
        table.enter_and_see(sheet.claim_barcode, "Saved, go on - this is ")
        wait_receipted(tmp_path, EARLIER)
        assert owner_in(tmp_path / "spool") == credentials(tmp_path).device_id
        pack(table, LATER)
        wait_receipted(tmp_path, LATER)
        assert table.stop() == 0
        assert sheet.claim_code not in "\n".join(table.log + table.light)
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_by_command_beside_a_running_daemon(
    tmp_path: Path, settings: Path, sheet: ClaimSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TableProcess(settings) as table:
        table.see("not enrolled")
        pack(table, EARLIER)
        enrol_by_command(settings, sheet, monkeypatch)
        wait_receipted(tmp_path, EARLIER)
        assert table.stop() == 0


def test_a_power_cut_after_the_enrolment_leaves_nothing_behind(
    tmp_path: Path, settings: Path, sheet: ClaimSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool still has the name of before: nobody needs to adopt it by hand."""
    with TableProcess(settings) as table:
        table.see("not enrolled")
        pack(table, EARLIER)
        assert table.stop() == 0
    enrol_by_command(settings, sheet, monkeypatch)
    assert is_unenrolled(owner_in(tmp_path / "spool"))
    with TableProcess(settings) as table:
        wait_receipted(tmp_path, EARLIER)
        assert table.stop() == 0


def enrol_by_command(settings: Path, sheet: ClaimSheet, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = settings.parent / "typed"
    typed.write_text(sheet.claim_code + "\n")
    with typed.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert main(["--config", str(settings), "enroll", "--server", sheet.server_url]) == 0


def test_a_code_that_does_not_work_is_said_and_the_next_one_does(
    settings: Path, sheet: ClaimSheet
) -> None:
    with TableProcess(settings) as table:
        table.see("not enrolled")
        unknown = ClaimSheet(sheet.server_url, "AAAAA-AAAAA-AAAAA-AAAAA")
        table.enter_and_see(unknown.whole, "Refused - this claim code is not known")
        enroll(sheet.server_url, sheet.claim_code)
        table.enter_and_see(sheet.whole, "Refused - this claim code was used already")
        nowhere = ClaimSheet("http://127.0.0.1:1", sheet.claim_code)
        table.enter_and_see(nowhere.whole, "Refused - http://127.0.0.1:1 does not answer")
        table.see("Ready, not enrolled")
        assert table.stop() == 0


def test_a_replaced_table_stops_sending_packs_on_and_can_be_enrolled_again(
    tmp_path: Path, settings: Path, cloud: Cloud, sheet: ClaimSheet
) -> None:
    """What it packed meanwhile is sent under its new name, once."""
    with TableProcess(settings) as table:
        table.see("not enrolled")
        table.enter_and_see(sheet.whole, "Saved, go on - this is ")
        pack(table, EARLIER)
        wait_receipted(tmp_path, EARLIER)
        first = credentials(tmp_path)
        revoke(cloud, first)
        table.see("Ready, not enrolled - this table was shut out (this device was revoked")
        pack(table, LATER)
        again = new_sheet(cloud, "the same machine again")
        table.enter_and_see(again.whole, "Saved, go on - this is the same machine again now")
        wait_receipted(tmp_path, LATER)
        second = credentials(tmp_path)
        assert second.device_id != first.device_id
        assert first.device_id in second.formerly
        pack(table, LAST)
        wait_receipted(tmp_path, LAST)
        assert table.stop() == 0


def revoke(cloud: Cloud, who: Credentials) -> None:
    """As another machine that takes the place at the table does."""
    said = cloud.run("table", "create", who.table_name)
    found = re.search(r"\b[A-Z2-9]{5}(-[A-Z2-9]{5}){3}\b", said.stdout)
    assert found is not None, said
    enroll(cloud.url, found[0])


def test_a_renewed_password_is_taken_up_by_the_running_daemon(
    tmp_path: Path, settings: Path, sheet: ClaimSheet
) -> None:
    with TableProcess(settings) as table:
        table.see("not enrolled")
        table.enter_and_see(sheet.whole, "Saved, go on - this is ")
        pack(table, EARLIER)
        wait_receipted(tmp_path, EARLIER)
        before = credentials(tmp_path)
        assert main(["--config", str(settings), "renew"]) == 0
        after = credentials(tmp_path)
        assert after.password != before.password
        assert after.device_id == before.device_id
        pack(table, LATER)
        wait_receipted(tmp_path, LATER)
        assert "not enrolled" not in table.light[-1]
        assert table.stop() == 0


def test_without_a_time_server_the_clouds_time_counts(
    tmp_path: Path, settings: Path, sheet: ClaimSheet
) -> None:
    with TableProcess(settings, "--set", "clock.trust=timesync") as table:
        table.see("not enrolled")
        pack(table, EARLIER)
        table.enter_and_see(sheet.whole, "Saved, go on - this is ")
        table.see_in_log("the cloud told its time")
        pack(table, LATER)
        wait_receipted(tmp_path, EARLIER, LATER)
        assert table.stop() == 0
    assert {one.code: one.clock_synced for one in proofs(tmp_path)} == {
        EARLIER: False,
        LATER: True,
    }
