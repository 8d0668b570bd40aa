"""The units of a table and what is installed with them: systemd takes them, they are hardened, and
they fit the program.
"""

import configparser
import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from edge import cli, daemon
from edge.service import recovery
from edge.service.recovery_rule import NEEDS_REBOOT
from edge.settings import TableSettings

SYSTEMD = Path(__file__).parents[2] / "systemd"
TABLE, RECOVERY = "packwitness-edge.service", "packwitness-edge-recovery.service"
CONSOLE = SYSTEMD / "variants" / "console.conf"
MOST_EXPOSED = 2.0
"""Of 10, in systemd's own measure; a plain service has 9.6."""
VARIANTS = ["plain", "console"]
NEWER = "RestartMode=direct\n"
"""Of systemd 254; Debian 12 has 252, which passes over it and does not need it."""

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd is missing: apt install systemd"
)


class Unit(configparser.ConfigParser):
    """A unit; a key that stands there several times keeps its last value."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, interpolation=None)
        self.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
        self.text = (SYSTEMD / name).read_text()
        self.read_string(self.text)

    def all(self, key: str) -> list[str]:
        return re.findall(rf"^{key}=(.*)$", self.text, re.MULTILINE)


@pytest.fixture(params=VARIANTS)
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of the units, with the drop-in of the variant."""
    for name in (TABLE, RECOVERY):
        text = (SYSTEMD / name).read_text()
        # the program is not installed where the tests run
        text = text.replace("/opt/packwitness/bin/packwitness-edge", "/bin/true")
        (tmp_path / name).write_text(text.replace(NEWER, "" if _is_older_than(254) else NEWER))
    if request.param == "console":
        drop_ins = tmp_path / f"{TABLE}.d"
        drop_ins.mkdir()
        shutil.copy(CONSOLE, drop_ins)
    return tmp_path


def _is_older_than(version: int) -> bool:
    said = subprocess.run(
        ["systemd-analyze", "--version"], capture_output=True, text=True, check=True
    )
    return int(said.stdout.split()[1]) < version


def analyze(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{installed}:"},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
@pytest.mark.parametrize("name", [TABLE, RECOVERY])
def test_systemd_understands_the_unit(installed: Path, name: str) -> None:
    done = analyze(installed, "verify", "--man=no", "--recursive-errors=no", str(installed / name))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("name", [TABLE, RECOVERY])
def test_the_unit_is_hardened(installed: Path, name: str) -> None:
    options = ["--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", "--no-pager"]
    done = analyze(installed, "security", *options, str(installed / name))
    assert done.returncode == 0, done.stdout


def test_what_the_daemon_writes_lies_in_its_state_directory() -> None:
    settings = TableSettings()
    for name in (TABLE, RECOVERY):
        state = Path("/var/lib") / Unit(name)["Service"]["StateDirectory"]
        assert settings.spool.directory.is_relative_to(state)
        assert settings.enrolment.credentials_file.is_relative_to(state)


def test_a_table_starts_without_network() -> None:
    assert "network" not in " ".join(Unit(TABLE)["Unit"].values())


def test_a_table_that_is_not_enrolled_starts() -> None:
    """A credential that is named without a path and is not there is passed over by systemd."""
    assert ":" not in Unit(TABLE)["Service"]["LoadCredential"]


def test_devices_are_allowed_by_kind_and_none_that_types() -> None:
    unit = Unit(TABLE)
    allowed = {line.split()[0] for line in unit.all("DeviceAllow")}
    assert {"char-13", "char-81", "char-media", "char-dma_heap", "char-gpiochip"} <= allowed
    assert "uinput" not in " ".join(allowed)
    assert "PrivateDevices" not in unit["Service"]
    assert "AF_NETLINK" in unit["Service"]["RestrictAddressFamilies"]


def test_the_working_directory_can_be_written_for_the_light() -> None:
    for name in (TABLE, RECOVERY):
        service = Unit(name)["Service"]
        assert service["WorkingDirectory"] == f"/run/{service['RuntimeDirectory']}"
        assert "GPIOZERO_PIN_FACTORY=lgpio" in service["Environment"].split()


def test_the_daemon_has_time_to_stop() -> None:
    stops = (daemon._STOP_OPEN_S, daemon._STOP_UPLINK_S, 2 * daemon._STOP_THREAD_S)
    assert int(Unit(TABLE)["Service"]["TimeoutStopSec"]) > sum(stops)


def test_wrong_settings_and_the_wish_for_a_reboot_are_not_tried_again() -> None:
    codes = Unit(TABLE)["Service"]["RestartPreventExitStatus"].split()
    assert codes == ["2", str(NEEDS_REBOOT)]


def test_a_daemon_that_does_not_stay_up_comes_to_the_recovery() -> None:
    table = Unit(TABLE)["Unit"]
    assert table["OnFailure"] == RECOVERY
    assert RECOVERY in table["Conflicts"]
    assert RECOVERY in table["After"]
    assert "StartLimitAction" not in table  # it would not be counted
    # else newer systemd calls the recovery, and so a reboot, at every single crash
    assert Unit(TABLE)["Service"]["RestartMode"] == "direct"
    # tried again only when the starts before are forgotten, and a person may start it at any time
    assert int(table["StartLimitIntervalSec"]) < recovery._HOLD_S
    assert f"reset-failed {TABLE}" in Unit(RECOVERY)["Service"]["ExecStartPost"]
    for name in (TABLE, RECOVERY):
        command = shlex.split(Unit(name)["Service"]["ExecStart"])
        assert cli._parser().parse_args(command[1:]).command


@pytest.mark.parametrize(
    ("ended", "asked"),
    [
        (f"exited {NEEDS_REBOOT}", "--no-block reboot"),
        (f"exited {recovery.TRY_AGAIN}", f"--no-block start {TABLE}"),
        (f"exited {recovery.STOPPED}", ""),
        ("exited 1", ""),
        ("exited 2", ""),
        ("killed TERM", ""),
        (f"killed {NEEDS_REBOOT}", ""),
    ],
)
def test_the_end_of_the_recovery_is_carried_out(tmp_path: Path, ended: str, asked: str) -> None:
    command = shlex.split(Unit(RECOVERY)["Service"]["ExecStopPost"].lstrip("-+"))
    asks = tmp_path / "systemctl"
    asks.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    asks.chmod(0o755)
    code, status = ended.split()
    variables = {"PATH": f"{tmp_path}:/bin", "EXIT_CODE": code, "EXIT_STATUS": status}
    subprocess.run(command, env=variables, check=False)
    found = tmp_path / "asked"
    assert (found.read_text().strip() if found.exists() else "") == asked
    known = Unit(RECOVERY)["Service"]["SuccessExitStatus"].split()
    assert known == [str(recovery.TRY_AGAIN), str(NEEDS_REBOOT)]


@pytest.mark.parametrize(
    ("code", "switches_off"), [("exited", False), ("killed", True), ("dumped", True)]
)
def test_the_light_of_a_killed_daemon_is_switched_off(
    tmp_path: Path, code: str, switches_off: bool
) -> None:
    line = Unit(TABLE)["Service"]["ExecStopPost"].lstrip("-")
    assert "/opt/packwitness/bin/packwitness-edge light neutral" in line
    line = line.replace("/opt/packwitness/bin/packwitness-edge", f"touch {tmp_path}/off;: ")
    subprocess.run(shlex.split(line), env={"PATH": "/bin", "EXIT_CODE": code}, check=False)
    assert (tmp_path / "off").exists() is switches_off


def test_a_kill_by_the_watchdog_leaves_no_core_on_the_card() -> None:
    service = Unit(TABLE)["Service"]
    assert signal.SIGABRT  # what the watchdog sends
    assert service["LimitCORE"] == "0"
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert int(service["WatchdogSec"]) >= 15


@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd is not installed")
def test_user_and_groups_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    lines = (SYSTEMD / "sysusers.d" / "packwitness.conf").read_text()
    command = ["systemd-sysusers", f"--root={tmp_path}", "-"]
    subprocess.run(command, input=lines, text=True, capture_output=True, check=True)
    members = {
        fields[0]: fields[3]
        for fields in (line.split(":") for line in (tmp_path / "etc/group").read_text().split())
    }
    for name in (TABLE, RECOVERY):
        service = Unit(name)["Service"]
        assert service["User"] in (tmp_path / "etc/passwd").read_text()
        for group in service["SupplementaryGroups"].split():
            assert members[group] == service["User"]


def test_rules_of_devices_are_well_formed() -> None:
    """The udevadm of Debian 12 cannot verify rules."""
    one = r'[A-Z]+(\{\w+\})?(==|\+=|=)"[^"]+"'
    text = (SYSTEMD / "udev" / "rules.d" / "70-packwitness.rules").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.fullmatch(rf"{one}(, {one})*", line), line
        assert "0666" not in line
    assert {"input", "dma_heap", "video4linux", "media", "gpio"} == set(
        re.findall(r'SUBSYSTEM=="(\w+)"', text)
    )
