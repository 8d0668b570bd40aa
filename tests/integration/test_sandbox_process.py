"""The command as a process: start, state that survives a kill, and what it says if it cannot."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.server import listen
from sandbox.testing import SandboxControl
from tests.support.push_receiver import receiving
from tests.support.shopee_caller import ShopeeCaller, jpeg
from tests.support.waiting import eventually

COMMAND = [sys.executable, "-m", "sandbox.main", "shopee"]
BUYER, SHOP = 900000001, 22000001


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command and the address of its ready line; killed when the block ends."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("shopee sandbox ready on http://127.0.0.1:"), line
            yield process, line.split()[-1]
        finally:
            process.kill()


def refused(*arguments: str) -> str:
    """What the command says when it does not start."""
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    data = ("--port", "0", "--data", str(tmp_path / "data"), "--port-file", str(port_file))
    with started(*data) as (process, url):
        assert url.endswith(f":{int(port_file.read_text())}")
        caller = ShopeeCaller(url)
        photo = jpeg(33)
        picture = caller.uploaded(photo)
        answers = [
            caller.text(BUYER, "Packed").json(),
            caller.send(BUYER, "image", {"image_url": picture}).json(),
        ]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        caller.http.close()
    with started(*data) as (_, url):
        control = SandboxControl(url)
        messages = control.chat(SHOP, BUYER)["messages"]
        control.close()
        caller = ShopeeCaller(url)
        assert caller.http.get(url + messages[-1]["image"]["path"]).content == photo
        assert caller.text(BUYER, "Packed").json()["error"] == "error_business"
        caller.http.close()
    sent = [answer["response"]["message_id"] for answer in answers]
    assert [message["message_id"] for message in messages[-2:]] == sent


def test_a_push_that_was_under_way_at_a_kill_is_delivered_by_the_next_run(tmp_path: Path) -> None:
    data = ("--port", "0", "--data", str(tmp_path))
    with receiving() as receiver:
        receiver.may_answer.clear()
        with started(*data) as (process, url):
            control = SandboxControl(url)
            control.push_endpoint(1000001, receiver.url)
            control.buyer_writes(SHOP, BUYER, "Hi")
            receiver.first(1)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            control.close()
        receiver.may_answer.set()
        with started(*data) as (_, url):
            first, again = receiver.first(2)
            control = SandboxControl(url)
            assert eventually(lambda: control.pushes()[0]["state"] == "delivered")
            control.close()
    assert first == again


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_quietly_with_an_open_page_stream(stop: signal.Signals) -> None:
    with started("--port", "0") as (process, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as stream:
            path = f"/buyer/{SHOP}/{BUYER}/stream"
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert b"200 OK" in stream.recv(4096)
            process.send_signal(stop)
            _, said = process.communicate(timeout=30)
    assert process.returncode in {0, -stop}
    # Had the stream to be broken off at the end of a grace period, uvicorn would say so.
    assert said == ""


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        said = refused("--port", str(port))

    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in said


def test_a_data_folder_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    data = ("--port", "0", "--data", str(tmp_path))
    with started(*data):
        assert "another sandbox is using the data folder" in refused(*data)


def test_a_wrong_seed_is_said_in_one_line(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"apps": [{"partner_id": "x", "partner_key": "shpk_test_key"}], "shops": []}')

    said = refused("--port", "0", "--seed", str(seed))

    assert f"{seed}: apps.0.partner_id: Input should be a valid integer" in said
    assert "shpk_test_key" not in said


def test_a_seed_file_is_served_and_the_data_of_an_earlier_run_goes_before_it(
    tmp_path: Path,
) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(
        '{"apps": [{"partner_id": 7, "partner_key": "shpk_test_key"}],'
        ' "shops": [{"shop_id": 8, "shop_name": "Mine"}],'
        ' "buyers": [{"user_id": 9, "username": "ana"}]}'
    )
    data = ("--port", "0", "--data", str(tmp_path / "data"), "--seed", str(seed))
    for expected in (0, 1):
        with started(*data) as (_, url):
            control = SandboxControl(url)
            assert len(control.chat(8, 9)["messages"]) == expected
            control.buyer_writes(8, 9, "Hi")
            control.close()


def test_answers_are_not_held_back_by_the_network_layer() -> None:
    listening = listen("127.0.0.1", 0)

    # asyncio turns Nagle's algorithm off only for sockets that are named as TCP.
    assert listening.socket.proto == socket.IPPROTO_TCP
    listening.socket.close()
