"""How often a table may start its machine again: counted through reboots and wrong clocks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.cli import main
from edge.clock import Moment
from edge.errors import TableNeedsReboot
from edge.service.reboot_log import FILE_NAME, RebootLog
from edge.service.reboots import MOST_A_DAY, Reboot, reboots_left
from tests.support.manual_clock import ManualClock

WALL = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOUR_NS = 3600 * 10**9


def moment(hours: float, boot: str, *, up_hours: float = 0.1, synced: bool = True) -> Moment:
    wall = WALL + timedelta(hours=hours)
    return Moment(wall, round(up_hours * HOUR_NS), boot, synced)


def test_two_a_day() -> None:
    past = [Reboot(moment(0, "a"), "hung"), Reboot(moment(1, "b"), "hung")]
    assert reboots_left([], moment(0, "a")) == MOST_A_DAY == 2
    assert reboots_left(past[:1], moment(1, "b")) == 1
    assert reboots_left(past, moment(2, "c")) == 0


@pytest.mark.parametrize(
    ("then", "now", "left"),
    [
        pytest.param(moment(0, "a"), moment(24, "b"), 2, id="a day by two right clocks"),
        pytest.param(moment(0, "a"), moment(23.9, "b"), 1, id="less than a day"),
        pytest.param(moment(0, "a"), moment(-5, "b"), 1, id="the clock was set back"),
        pytest.param(moment(0, "a", synced=False), moment(9000, "b"), 1, id="then it was wrong"),
        pytest.param(moment(0, "a"), moment(9000, "b", synced=False), 1, id="now it is wrong"),
        pytest.param(
            moment(0, "a", synced=False), moment(0, "b", up_hours=24, synced=False), 2,
            id="this boot has lasted a day",
        ),
        pytest.param(
            moment(0, "a", up_hours=3), moment(9000, "a", up_hours=26), 1,
            id="the same boot, 23 hours later",
        ),
        pytest.param(
            moment(0, "a", up_hours=3), moment(0, "a", up_hours=27), 2,
            id="the same boot, a day later",
        ),
    ],
)  # fmt: skip
def test_a_reboot_is_forgotten_when_it_is_known_to_be_a_day_old(
    then: Moment, now: Moment, left: int
) -> None:
    assert reboots_left([Reboot(then, "hung")], now) == left


def test_are_counted_on_the_disk(tmp_path: Path) -> None:
    clock = ManualClock()
    taken = [RebootLog(tmp_path, clock).take("camera hung") for _ in range(MOST_A_DAY + 1)]
    assert taken == [True] * MOST_A_DAY + [False]
    assert RebootLog(tmp_path, clock).left() == 0
    clock.advance(24 * 3600)
    assert RebootLog(tmp_path, clock).left() == MOST_A_DAY


def test_that_cannot_be_counted_do_not_happen(tmp_path: Path) -> None:
    log = RebootLog(tmp_path / "missing", ManualClock())
    assert log.left() == MOST_A_DAY
    assert not log.take("camera hung")


@pytest.mark.parametrize("text", ["{", "{}\n", "[]", '"\xe9"', '{"wall": "2026-11-22T08:00"}'])
def test_a_damaged_list_allows_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(text.encode("latin-1"))
    log = RebootLog(tmp_path, ManualClock())
    assert log.left() == 0
    assert not log.take("camera hung")


def test_the_unit_of_systemd_is_told_by_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_settings: object, _clock: object) -> None:
        raise TableNeedsReboot("the camera's driver hangs")

    monkeypatch.setattr("edge.daemon.run", run)
    arguments = ["--set", f"log.file={tmp_path / 'log'}", "run"]
    assert main(arguments) == TableNeedsReboot.exit_code == 100
