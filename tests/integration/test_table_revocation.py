"""Who may not connect any more is put out at once, by the real broker (U-19, U-22).

The whole cloud runs as one process, with the embedded broker; the pages and the commands are those
that people use.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cloud.link.mqtt import can_connect
from cloud.link.settings import LinkSettings
from edge.uplink import errors as edge_errors
from edge.uplink.enrolment import enroll
from tests.support.cloud_program import Cloud, Serving
from tests.support.link_table import LinkTable, jpeg
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually
from wire.claim_sheet import ClaimSheet
from wire.messages import PhotoResult
from wire.topics import Address

CLAIM = re.compile(r"\b(?:[A-Z2-9]{5}-){3}[A-Z2-9]{5}\b")


@dataclass
class Running:
    """A cloud that serves, and somebody who is signed in at its pages."""

    cloud: Cloud
    serving: Serving
    browser: httpx.Client

    def claim(self, table_id: int) -> str:
        sheet = self.browser.post(f"/tables/{table_id}/claim")
        return str(CLAIM.findall(sheet.text)[0])

    def enrol(self, code: str) -> tuple[Address, str]:
        given = enroll(self.cloud.url, code, hardware="test")
        return Address(given.partition, given.device_id), given.password.get_secret_value()

    @property
    def broker(self) -> tuple[str, int]:
        return "127.0.0.1", self.cloud.broker_port

    def is_let_in(self, device: tuple[Address, str]) -> bool:
        """Whether the broker takes these credentials now."""
        host, port = self.broker
        address, password = device
        link = LinkSettings(host=host, port=port, username="", password="")
        return can_connect(link, address.device_id, password, 5.0)

    def press(self, table_id: int, what: str) -> None:
        assert self.browser.post(f"/tables/{table_id}/{what}").status_code == 303

    def command(self, *arguments: str) -> None:
        done = self.cloud.run("table", *arguments)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    cloud = Cloud(tmp_path / "data")
    with cloud.serving() as serving, httpx.Client(base_url=cloud.url) as browser:
        browser.headers["Origin"] = cloud.url
        form = {"email": "owner@localhost", "password": serving.password()}
        assert browser.post("/sign-in", data=form).status_code == 303
        yield Running(cloud, serving, browser)
        assert serving.end() == 0


def new_table(running: Running, name: str) -> int:
    made = running.browser.post("/tables/new", data={"name": name})
    found = re.search(r"/tables/(\d+)", made.headers["location"])
    assert found is not None
    return int(found[1])


def replace(running: Running, table_id: int) -> None:
    running.enrol(running.claim(table_id))


WAYS: dict[str, Callable[[Running, int], None]] = {
    "disabled on the page": lambda running, table: running.press(table, "disable"),
    "retired on the page": lambda running, table: running.press(table, "retire"),
    "disabled by the command": lambda running, _: running.command("disable", "North 1"),
    "retired by the command": lambda running, _: running.command("retire", "North 1", "--yes"),
    "replaced": replace,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_device_is_put_out_at_once_and_cannot_come_back(running: Running, way: str) -> None:
    table_id, other_id = new_table(running, "North 1"), new_table(running, "North 2")
    device = running.enrol(running.claim(table_id))
    other = running.enrol(running.claim(other_id))
    with LinkTable(running.broker, *device) as table, LinkTable(running.broker, *other) as stays:
        assert table.connected
        WAYS[way](running, table_id)
        eventually(lambda: not table.connected)
        assert not running.is_let_in(device)
        sha256 = stays.send_photo(jpeg(1))
        assert stays.wait_photo(sha256).result is PhotoResult.RECEIPTED
        assert stays.connected


def test_an_enabled_table_comes_back_with_the_credentials_that_it_has(running: Running) -> None:
    table_id = new_table(running, "North 1")
    device = running.enrol(running.claim(table_id))
    assert running.is_let_in(device)
    running.press(table_id, "disable")
    eventually(lambda: not running.is_let_in(device))
    running.press(table_id, "enable")
    eventually(lambda: running.is_let_in(device))


def test_a_disabled_table_packs_on_and_sends_all_of_it_once_it_is_enabled(
    running: Running, tmp_path: Path
) -> None:
    """U-22, U-16: the table's own program; nobody touches it meanwhile."""
    table_id = new_table(running, "North 1")
    folder = tmp_path / "table"
    folder.mkdir()
    settings = write_table(folder)
    (folder / "credentials.json").unlink()
    with TableProcess(settings, "--set", "uplink.refused_longest_s=1") as table:
        table.see("not enrolled")
        sheet = ClaimSheet(running.cloud.url, running.claim(table_id))
        table.enter_and_see(sheet.whole, "Saved, go on - this is North 1")
        pack(table, "220101AAAAAAAA")
        eventually(lambda: receipted(folder) == {"220101AAAAAAAA"})
        running.press(table_id, "disable")
        table.see("this table is disabled")
        pack(table, "220102BBBBBBBB")
        assert receipted(folder) == {"220101AAAAAAAA"}
        running.press(table_id, "enable")
        eventually(lambda: receipted(folder) == {"220101AAAAAAAA", "220102BBBBBBBB"})
        assert table.stop() == 0


def pack(table: TableProcess, code: str) -> None:
    table.enter_and_see(code, f"Order open - {code}")
    table.enter_and_see("p", f"1 photo - {code}")
    table.enter_and_see("s", f"Saved, go on - {code}")


def receipted(folder: Path) -> set[str]:
    """Codes of the proofs that the cloud has."""
    return {one.code for one in proofs(folder) if one.receipted}


def test_enrolment_is_refused_at_tables_that_are_out_of_work(running: Running) -> None:
    """The sheet that lies about is worth nothing."""
    for name, what in (("North 1", "disable"), ("North 2", "retire")):
        table_id = new_table(running, name)
        code = running.claim(table_id)
        running.press(table_id, what)
        with pytest.raises(edge_errors.ClaimRefused, match="expired"):
            running.enrol(code)
