"""`packwitness-cloud serve` as a real process: how it starts, how it refuses to, how it ends."""

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from cloud.main.errors import AlreadyRunning, DataFolderUnusable
from cloud.main.process import data_folder_locked
from tests.support.cloud_program import Cloud
from tests.support.waiting import eventually


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud data")


def test_it_starts_says_the_password_once_and_ends_cleanly(cloud: Cloud) -> None:
    with cloud.serving() as serving:
        assert "owner@localhost" in serving.said[0]
        assert serving.said[-1] == f"packwitness-cloud ready on {cloud.url}"
        assert len(cloud.brokers()) == 1
        password = serving.password()
        assert serving.end() == 0
    assert cloud.brokers() == []
    with cloud.serving() as serving:
        assert serving.said == [f"packwitness-cloud ready on {cloud.url}"]
        assert serving.end(signal.SIGINT) == 0
    assert password not in (cloud.folder.parent / "log").read_text()


def test_its_files_are_for_its_user_alone(cloud: Cloud) -> None:
    with cloud.serving() as serving:
        assert cloud.folder.stat().st_mode & 0o077 == 0
        assert (cloud.folder / "keys").stat().st_mode & 0o077 == 0
        assert (cloud.folder / "keys" / "sealing.key").stat().st_mode & 0o077 == 0
        serving.end()


def test_an_open_page_does_not_hold_up_the_end(cloud: Cloud) -> None:
    with cloud.serving() as serving, httpx.Client(base_url=cloud.url) as browser:
        answer = browser.post(
            "/sign-in",
            data={"email": "owner@localhost", "password": serving.password()},
            headers={"Origin": cloud.url},
        )
        assert answer.status_code == 303, answer.text
        with browser.stream("GET", "/events", timeout=60) as stream:
            assert stream.status_code == 200, stream.read()
            ended = threading.Event()

            def read() -> None:
                try:
                    for _ in stream.iter_raw():
                        pass
                except httpx.TransportError:
                    pass
                ended.set()

            reader = threading.Thread(target=read)
            reader.start()
            assert serving.end() == 0
            assert ended.wait(10)
            reader.join()
    assert cloud.brokers() == []


@pytest.mark.parametrize("which", ["web", "broker"])
def test_a_taken_port_is_one_line_and_nothing_is_left_running(cloud: Cloud, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        if which == "web":
            cloud.web_port = port
        else:
            cloud.broker_port = port
        refused = cloud.run("serve")
    assert refused.returncode == 2
    [line] = [text for text in refused.stderr.splitlines() if not text.startswith("{")]
    assert line.startswith("packwitness-cloud: ")
    assert str(port) in line
    assert f"{which}.port" in line
    assert cloud.brokers() == []


def test_killed_it_leaves_no_broker_and_starts_again(cloud: Cloud) -> None:
    with cloud.serving() as serving:
        assert serving.end(signal.SIGKILL) == -signal.SIGKILL
        eventually(lambda: not cloud.brokers())
    with cloud.serving() as serving:
        assert serving.end() == 0


def test_a_broker_that_dies_comes_back_under_the_running_program(cloud: Cloud) -> None:
    with cloud.serving() as serving:
        [before] = cloud.brokers()
        os.kill(before, signal.SIGKILL)
        eventually(lambda: cloud.brokers() and cloud.brokers() != [before])
        assert serving.end() == 0


def test_a_data_folder_that_cannot_be_is_one_line(cloud: Cloud) -> None:
    cloud.folder.write_text("a file")
    for command in (["serve"], ["init"], ["table", "create", "A"]):
        refused = cloud.run(*command)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert f"the folder {cloud.folder} cannot be used: File exists" in refused.stderr


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "getpid", full)
    wanted = pytest.raises(DataFolderUnusable, match="No space left on device; make room")
    with wanted, data_folder_locked(tmp_path):
        pass


def test_the_lock_ends_with_its_block(tmp_path: Path) -> None:
    refused = pytest.raises(AlreadyRunning, match=f"process {os.getpid()}")
    with data_folder_locked(tmp_path), refused, data_folder_locked(tmp_path):
        pass
    with data_folder_locked(tmp_path):
        pass


def test_settings_come_from_a_file(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text('[sending]\nsenders = 7\n[broker]\npassword = "hunter2"\n')
    shown = cloud.run("--config", str(file), "settings")
    settings = json.loads(shown.stdout)
    assert settings["sending"]["senders"] == 7
    assert settings["data_dir"] == str(cloud.folder)
    assert "hunter2" not in shown.stdout
    file.write_text("[sending]\nsenders = 700\n")
    wrong = cloud.run("--config", str(file), "settings")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("packwitness-cloud: setting sending.senders: ")


def test_a_claim_and_a_password_are_printed_as_json(cloud: Cloud) -> None:
    owner = json.loads(cloud.run("init", "--owner", "Mei@Shop.test").stdout)
    assert owner["email"] == "Mei@Shop.test"
    assert json.loads(cloud.run("init").stdout) == {"exists": True}
    claim = json.loads(cloud.run("table", "create", "Table 1").stdout)
    assert claim["table"] == "Table 1"
    assert re.fullmatch(r"([A-Z2-9]{5}-){3}[A-Z2-9]{5}", claim["claim_code"])


def test_a_table_before_there_is_an_organisation_says_what_to_type(cloud: Cloud) -> None:
    refused = cloud.run("table", "create", "Table 1")
    assert refused.returncode == 2
    assert "Type: packwitness-cloud init" in refused.stderr


def test_a_dead_thread_ends_the_process() -> None:
    program = """
import threading
from cloud.main.process import end_process, log_to_stderr
log_to_stderr("INFO")
threading.Thread(target=end_process, args=(RuntimeError("dead"),)).start()
threading.Event().wait()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 70
    line = json.loads(ended.stderr)
    assert (line["level"], line["text"]) == ("CRITICAL", "a thread died; the process ends")
    assert "RuntimeError: dead" in line["trace"]


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_ends_it_too(kind: signal.Signals) -> None:
    program = """
import threading
from cloud.main.process import ends_on_signals
with ends_on_signals():
    try:
        print("begun", flush=True)
        threading.Event().wait()
    finally:
        print("cleaned up", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "begun\n"
        started.send_signal(kind)
        assert started.stdout.readline() == "cleaned up\n"
        assert started.wait(30) == 0
