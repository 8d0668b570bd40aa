"""Lines that go silent, lose and delay: the proof gets through, by a new connection if need be."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client
import pytest

from edge.events import LinkChanged
from edge.uplink.settings import UplinkSettings
from tests.support import netem_table
from tests.support.bad_line import BadLine
from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Mosquitto
from tests.support.uplink_table import DEVICE, QUICK, UplinkTable, credentials, jpeg
from tests.support.waiting import eventually

SEEDS = (1, 2, 3)


def table_over(line: BadLine, broker: Mosquitto, settings: UplinkSettings = QUICK) -> UplinkTable:
    return UplinkTable(credentials(line.port, broker.users[DEVICE]), settings)


class PahosClock:
    """The clock of paho's keepalive, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


def test_a_silent_line_is_noticed_by_the_keepalive(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half-open: the peer is gone and nobody said so. Nothing of the table's is under way."""
    clock = PahosClock()
    monkeypatch.setattr(paho.mqtt.client, "time_func", clock)
    with (
        FakeCloud(mosquitto) as cloud,
        BadLine(mosquitto.port) as line,
        table_over(line, mosquitto) as table,
    ):
        cloud.wait_for(lambda c: c.healths)
        table.wait_for(lambda t: not t.uplink._around.control_strikes)
        line.fall_silent()
        clock.ahead_s += QUICK.keepalive_s + 1  # time for a ping
        table.uplink.wake()
        eventually(lambda: line.swallowed_bytes)
        clock.ahead_s += QUICK.keepalive_s + 1  # and for its answer
        table.uplink.wake()
        table.wait_for(lambda t: len(t.events) >= 2)
        proof = table.queue.close_proof(1, table.queue.take_photo(1))
        table.wait_receipted(proof)
        links = [event.connected for event in table.events if isinstance(event, LinkChanged)]
        assert links == [True, False, True]
        assert line.connections == 2


def test_what_a_silent_line_swallowed_goes_over_a_new_one(mosquitto: Mosquitto) -> None:
    settings = replace(QUICK, puback_timeout_s=0.3)
    with (
        FakeCloud(mosquitto) as cloud,
        BadLine(mosquitto.port) as line,
        table_over(line, mosquitto, settings) as table,
    ):
        photo = table.queue.take_photo(1, 2_000_000)
        cloud.wait_for(lambda c: len(c.slices) > 5)
        line.fall_silent()
        proof = table.queue.close_proof(1, photo)
        table.wait_receipted(proof)
        assert cloud.photos[photo] == jpeg(1, 2_000_000)
        assert cloud.manifests == [(proof, 1)]
        assert line.swallowed_bytes


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_that_delays_loses_and_breaks(mosquitto: Mosquitto, seed: int) -> None:
    """A thirtieth of the times of a bad mobile line (2 s, 30 %), with as many losses."""
    with (
        FakeCloud(mosquitto) as cloud,
        BadLine(mosquitto.port, seed) as line,
        table_over(line, mosquitto) as table,
    ):
        line.delay_s, line.loss, line.repeat_s = 0.06, 0.3, 0.1
        proofs = [
            table.queue.close_proof(number, table.queue.take_photo(number)) for number in (1, 2, 3)
        ]
        eventually(
            lambda: set(proofs) <= {it[0] for it in table.queue.receipted_proofs}, deadline_s=90
        )
        assert line.broken or seed != SEEDS[0]
        assert sorted(cloud.photos.values()) == sorted(jpeg(number) for number in (1, 2, 3))
        assert {proof for proof, _ in cloud.proofs} == set(proofs)


def why_no_netem() -> str:
    """Empty when a network of its own can be made bad here."""
    if os.geteuid() != 0 or shutil.which("tc") is None:
        return "a network of its own needs root and tc (iproute2)"
    tried = subprocess.run(
        ["unshare", "--net", *netem_table.BAD_NETWORK],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip() and f"the kernel has no netem ({tried.stderr.strip()})"


@pytest.mark.timeout(300)
def test_thirty_percent_loss_and_two_seconds_of_delay(tmp_path: Path) -> None:
    """All with the settings that tables have."""
    if reason := why_no_netem():
        pytest.skip(f"{reason}; the line that delays and loses stands in for it")
    command = ["unshare", "--net", sys.executable, "-m", netem_table.__name__, str(tmp_path)]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True, timeout=280)
