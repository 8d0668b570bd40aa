"""The mosquitto child: it lives, comes back, dies with its parent, and knows who may do what."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cloud.broker import mosquitto as broker_module
from cloud.broker.configuration import BrokerLimits
from cloud.broker.errors import BrokerDidNotStart, BrokerMissing, BrokerPortTaken
from cloud.broker.mosquitto import Mosquitto
from cloud.fleet.broker_password import broker_hash
from tests.support.mosquitto import free_port
from tests.support.waiting import eventually

USERS = {"cloud": "c", "table-01": "one", "table-02": "two"}
UP, DOWN = "packwitness/v1/07/{}/up/health", "packwitness/v1/07/{}/down/answer"


class Client:
    """A client that remembers what it got and how its connection went."""

    def __init__(self, port: int, name: str | None, password: str | None = None) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.connack: list[str] = []
        self.ends: list[str] = []
        self.pubacks: list[str] = []
        self.subscribed = threading.Event()
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        if name is not None:
            self.paho.username_pw_set(name, password or USERS[name])
        self.paho.on_connect = lambda _c, _u, _f, reason, _p: self.connack.append(str(reason))
        self.paho.on_disconnect = lambda _c, _u, _f, reason, _p: self.ends.append(str(reason))
        self.paho.on_publish = lambda _c, _u, _m, reason, _p: self.pubacks.append(str(reason))
        self.paho.on_subscribe = lambda *_: self.subscribed.set()
        self.paho.on_message = lambda _c, _u, it: self.got.append((it.topic, bytes(it.payload)))
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        eventually(lambda: self.connack)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def subscribe(self, topic_filter: str) -> None:
        self.subscribed.clear()
        self.paho.subscribe(topic_filter, qos=1)
        assert self.subscribed.wait(10)

    def publish(self, topic: str, payload: bytes = b"x") -> str:
        before = len(self.pubacks)
        self.paho.publish(topic, payload, qos=1)
        return eventually(lambda: self.pubacks[before:])[0]


MakeBroker = Callable[..., Mosquitto]


@pytest.fixture
def users() -> dict[str, str]:
    return dict(USERS)


@pytest.fixture
def make_broker(tmp_path: Path, users: dict[str, str]) -> Iterator[MakeBroker]:
    with ExitStack() as stack:

        def make(**settings: Any) -> Mosquitto:
            broker = Mosquitto(
                tmp_path / "with a space" / "broker",
                host="127.0.0.1",
                port=settings.pop("port", None) or free_port(),
                users=lambda: [(name, broker_hash(word)) for name, word in users.items()],
                **settings,
            )
            stack.callback(broker.stop)
            return broker

        yield make


@pytest.fixture
def broker(make_broker: MakeBroker) -> Mosquitto:
    made = make_broker()
    made.start()
    return made


def port_of(broker: Mosquitto) -> int:
    return broker._port


def child_of(broker: Mosquitto) -> int:
    assert broker._child is not None
    return broker._child.pid


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


# --- the child ----------------------------------------------------------------------------------


def test_it_starts_and_stops(broker: Mosquitto) -> None:
    assert broker.alive()
    pid = child_of(broker)
    broker.stop()
    assert not broker.alive()
    assert not is_running(pid)
    broker.stop()


def test_its_files_are_for_its_owner_alone(broker: Mosquitto, tmp_path: Path) -> None:
    folder = tmp_path / "with a space" / "broker"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert "one" not in (folder / "passwords").read_text()


def test_a_missing_program_says_what_to_type(
    make_broker: MakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    broker = make_broker()
    with pytest.raises(BrokerMissing, match="apt-get install mosquitto"):
        broker.start()
    assert not broker.alive()


def test_a_missing_helper_is_told(make_broker: MakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "_command", lambda _file: ["no-such-program"])
    with pytest.raises(BrokerDidNotStart, match="no-such-program cannot be run"):
        make_broker().start()


def killed_at_start(marker: Path, *, times: int) -> Callable[[Path], list[str]]:
    """A command that is killed before it listens, so many times."""
    script = 'echo >> "$0"; [ "$(wc -l < "$0")" -gt "$1" ] || kill -9 $$; shift; exec "$@"'
    real = broker_module._command
    return lambda file: ["sh", "-c", script, str(marker), str(times), *real(file)]


def test_a_child_that_is_killed_while_it_starts_is_started_again(
    make_broker: MakeBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It says nothing of its configuration, as an exit would."""
    monkeypatch.setattr(broker_module, "_command", killed_at_start(tmp_path / "starts", times=1))
    broker = make_broker()
    broker.start()
    assert broker.alive()


def test_a_child_that_is_killed_at_every_start_is_told(
    make_broker: MakeBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(broker_module, "_command", killed_at_start(tmp_path / "starts", times=99))
    with pytest.raises(BrokerDidNotStart, match="killed each time"):
        make_broker().start()


def test_a_taken_port_is_told_before_anything_starts(make_broker: MakeBroker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        broker = make_broker(port=port)
        with pytest.raises(BrokerPortTaken, match=f"port {port} of 127.0.0.1"):
            broker.start()
        assert not broker.alive()


def test_a_configuration_that_mosquitto_refuses_is_told_in_its_words(
    make_broker: MakeBroker,
) -> None:
    broker = make_broker(limits=BrokerLimits(max_packet_bytes=5))
    with pytest.raises(BrokerDidNotStart, match=r"mosquitto ended: .*max_packet_size"):
        broker.start()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broker = Mosquitto(tmp_path / "file" / "broker", host="127.0.0.1", port=free_port(), users=list)
    with pytest.raises(BrokerDidNotStart, match="Not a directory"):
        broker.start()


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_dies_is_started_again(broker: Mosquitto, kind: signal.Signals) -> None:
    before = child_of(broker)
    os.kill(before, kind)
    eventually(lambda: broker.alive() and child_of(broker) != before)
    eventually(lambda: _accepts(port_of(broker)))
    with Client(port_of(broker), "table-01") as client:
        assert client.connack == ["Success"]


def test_it_is_tried_again_until_it_starts(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as missing:
        missing.setattr(shutil, "which", lambda *_args, **_more: None)
        os.kill(child_of(broker), signal.SIGKILL)
        eventually(lambda: "the broker does not start" in caplog.text)
    eventually(broker.alive)


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    port = free_port()
    program = f"""
import signal
from pathlib import Path
from cloud.broker.mosquitto import Mosquitto
broker = Mosquitto(Path({str(tmp_path)!r}), host="127.0.0.1", port={port}, users=list)
broker.start()
print(broker._child.pid, flush=True)
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as said:
        child = int(said.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    eventually(lambda: not is_running(child))


# --- who may do what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "password"), [(None, None), ("table-01", "wrong"), ("nobody", "x")]
)
def test_strangers_are_refused(broker: Mosquitto, name: str | None, password: str | None) -> None:
    with Client(port_of(broker), name, password) as client:
        assert client.connack == ["Not authorized"]


@pytest.mark.parametrize(
    "topic",
    [
        UP.format("table-02"),
        DOWN.format("table-01"),
        DOWN.format("table-02"),
        "packwitness/v1/07/up/health",
        "packwitness/v1/07/table-01/x/up/health",
        "other",
    ],
)
def test_a_device_speaks_only_as_itself(broker: Mosquitto, topic: str) -> None:
    with Client(port_of(broker), "cloud") as cloud:
        cloud.subscribe("#")
        with Client(port_of(broker), "table-01") as table:
            assert table.publish(topic, b"lie") == "Not authorized"
        with Client(port_of(broker), "table-01") as table:  # the lie ended the first connection
            assert table.publish(UP.format("table-01"), b"truth") != "Not authorized"
        eventually(lambda: cloud.got)
        assert cloud.got == [(UP.format("table-01"), b"truth")]


def test_a_device_hears_only_what_is_said_to_it(broker: Mosquitto) -> None:
    with (
        Client(port_of(broker), "cloud") as cloud,
        Client(port_of(broker), "table-01") as first,
        Client(port_of(broker), "table-02") as second,
    ):
        for table_filter in ("#", "packwitness/v1/#", DOWN.format("table-02"), UP.format("+")):
            first.subscribe(table_filter)
        second.subscribe(DOWN.format("table-02"))
        cloud.publish(DOWN.format("table-02"), b"for two")
        second.publish(UP.format("table-02"), b"from two")
        cloud.publish(DOWN.format("table-01"), b"for one")
        eventually(lambda: second.got and first.got)
        assert {payload for _, payload in first.got} == {b"for one"}
        assert second.got == [(DOWN.format("table-02"), b"for two")]


def test_a_will_can_only_be_ones_own(broker: Mosquitto) -> None:
    with Client(port_of(broker), "cloud") as cloud:
        cloud.subscribe("packwitness/v1/#")
        liar = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        liar.username_pw_set("table-01", USERS["table-01"])
        liar.will_set(UP.format("table-02"), b"dead", qos=1)
        answers: list[str] = []
        liar.on_connect = lambda _c, _u, _f, reason, _p: answers.append(str(reason))
        liar.connect("127.0.0.1", port_of(broker))
        liar.loop_start()
        eventually(lambda: answers)
        sock = liar.socket()
        if isinstance(sock, socket.socket):
            sock.shutdown(socket.SHUT_RDWR)
        liar.disconnect()
        liar.loop_stop()
        with Client(port_of(broker), "table-02") as table:
            table.publish(UP.format("table-02"), b"alive")
        eventually(lambda: cloud.got)
        assert [payload for _, payload in cloud.got] == [b"alive"]


def test_too_large_a_packet_ends_only_the_sinner(make_broker: MakeBroker) -> None:
    broker = make_broker(limits=BrokerLimits(max_packet_bytes=2000))
    broker.start()
    with Client(port_of(broker), "table-01") as sinner, Client(port_of(broker), "table-02") as good:
        sinner.paho.publish(UP.format("table-01"), bytes(5000), qos=1)
        eventually(lambda: sinner.ends)
        assert good.publish(UP.format("table-02")) != "Not authorized"
        assert not good.ends


def test_a_second_connection_of_a_device_replaces_the_first(broker: Mosquitto) -> None:
    with Client(port_of(broker), "table-01") as first, Client(port_of(broker), "table-01"):
        eventually(lambda: first.ends)


def test_users_come_and_go_while_it_runs(broker: Mosquitto, users: dict[str, str]) -> None:
    """Revocation ends the session at once; the others stay connected."""
    with Client(port_of(broker), "table-01") as gone, Client(port_of(broker), "table-02") as stays:
        del users["table-01"]
        users["table-03"] = "three"
        broker.reload_users()
        eventually(lambda: gone.ends)
        with Client(port_of(broker), "table-01") as again:
            assert again.connack == ["Not authorized"]
        with Client(port_of(broker), "table-03", "three") as new:
            assert new.connack == ["Success"]
        assert stays.publish(UP.format("table-02")) != "Not authorized"
        assert not stays.ends


def test_a_new_password_ends_the_session_of_the_old(
    broker: Mosquitto, users: dict[str, str]
) -> None:
    with Client(port_of(broker), "table-01") as client:
        users["table-01"] = "another"
        broker.reload_users()
        eventually(lambda: client.ends)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_the_broker_may_open_a_file_for_each_table_whatever_this_process_may(
    make_broker: MakeBroker,
) -> None:
    """A service begins with a soft limit of 1,024 files, which would be as many tables."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 500), hard))
    try:
        broker = make_broker()
        broker.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(child_of(broker), resource.RLIMIT_NOFILE) == (hard, hard)
