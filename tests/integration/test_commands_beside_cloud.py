"""Commands that write a few rows work beside a cloud that runs."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_PROGRAM = str(Path(sys.executable).with_name("packwitness-cloud"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PACKWITNESS_CLOUD_DATA_DIR": str(tmp_path / "cloud"),
        "PACKWITNESS_CLOUD_WEB__PORT": str(_free_port()),
        "PACKWITNESS_CLOUD_BROKER__PORT": str(_free_port()),
    }


def _run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_PROGRAM, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [_PROGRAM, "serve"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as cloud,
    ):
        assert cloud.stdout is not None
        said = [cloud.stdout.readline(), cloud.stdout.readline()]
        assert "said this once" in said[0], said
        assert "ready" in said[1], said
        yield cloud
        cloud.terminate()
        assert cloud.wait(30) == 0


@pytest.mark.usefixtures("running")
def test_a_table_is_added_while_the_cloud_runs(environment: dict[str, str]) -> None:
    done = _run(environment, "table", "create", "Table 7")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["claim_code"]


@pytest.mark.usefixtures("running")
def test_a_second_cloud_on_the_same_data_is_refused_in_one_line(
    environment: dict[str, str], running: subprocess.Popen[str]
) -> None:
    done = _run(environment, "serve")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(running.pid) in done.stderr
