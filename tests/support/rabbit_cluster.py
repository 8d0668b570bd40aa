"""A cluster of RabbitMQ nodes on loopback, from the folder that scripts/rabbitmq makes.

Each node is alone in namespaces of its own for processes and mounts, so that killing it ends all
of it at once, as when its machine loses power, and so that nothing outlives the tests.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.mosquitto import free_port
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2] / ".cache" / "rabbitmq"
START_LIMIT_S = 90.0
NODES = 3

_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
_EPMD = "/usr/bin/epmd"
_PLUGINS = "[rabbitmq_mqtt,rabbitmq_auth_backend_http].\n"
_STARTED = "Server startup complete"


class RabbitNode:
    """One node; it keeps name, ports and data when it is started again."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, number: int, epmd_port: int) -> None:
        self.name = f"node{number}@localhost"
        self.port = free_port()
        """Of MQTT."""
        self._folder = folder / f"node{number}"
        self._epmd_port = epmd_port
        self._distribution_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began = 0
        self._folder.mkdir()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def write(self, configuration: str) -> None:
        """Write its files, before the first start."""
        (self._folder / "rabbitmq.conf").write_text(configuration)
        (self._folder / "enabled_plugins").write_text(_PLUGINS)

    def place(self, source: Path) -> str:
        """Copy a file to where the node can read it; gives its path there."""
        shutil.copy(source, self._folder)
        return f"{self._home}/{source.name}"

    def in_a_cluster(self, names: list[str], door_port: int) -> str:
        """Its configuration: what docs/for-it.md tells to write, and loopback."""
        door = f"http://127.0.0.1:{door_port}"
        lines = [
            "listeners.tcp = none",
            f"mqtt.listeners.tcp.1 = {self.host}:{self.port}",
            "mqtt.allow_anonymous = false",
            "mqtt.prefetch = 64",
            "mqtt.max_packet_size_authenticated = 1048576",
            "auth_backends.1 = http",
            "auth_http.http_method = post",
            *(
                f"auth_http.{what}_path = {door}/{what}"
                for what in ("user", "vhost", "resource", "topic")
            ),
            "cluster_formation.peer_discovery_backend = classic_config",
            *(
                f"cluster_formation.classic_config.nodes.{number} = {name}"
                for number, name in enumerate(names, 1)
            ),
            "cluster_partition_handling = pause_minority",
            "log.console = true",
            "log.file = false",
        ]
        return "\n".join(lines) + "\n"

    def start(self) -> None:
        """Start it, and return at once."""
        assert self._process is None
        log_file = self._folder / "log"
        with log_file.open("ab") as log:
            self._log_began = log.tell()
            self._process = _in_folder([_SERVER], self._environment(), log=log.fileno())

    def wait_ready(self) -> None:
        """Until it serves MQTT."""
        eventually(lambda: self._alive() and _STARTED in self.log(), START_LIMIT_S)

    def kill(self) -> None:
        """SIGKILL for all of it; does nothing if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        """What it wrote since its start."""
        with (self._folder / "log").open("rb") as log:
            log.seek(self._log_began)
            return log.read().decode(errors="replace")

    def _alive(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()[-3000:]
        return True

    @property
    def _home(self) -> str:
        return "/" + str(self._folder.relative_to(ROOT))

    def _environment(self) -> dict[str, str]:
        folder = self._home
        return {
            "HOME": str(Path(folder).parent),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/logs",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"
            ),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
        }


@contextmanager
def rabbit_cluster(door_port: int) -> Iterator[list[RabbitNode]]:
    """Three nodes that found each other; ``door_port``: where they ask who may do what."""
    with rabbit_nodes(NODES) as nodes:
        names = [node.name for node in nodes]
        for node in nodes:
            node.write(node.in_a_cluster(names, door_port))
            node.start()
        for node in nodes:
            node.wait_ready()
        yield nodes


@contextmanager
def rabbit_nodes(count: int) -> Iterator[list[RabbitNode]]:
    """Nodes that are not configured yet; they and their data are gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="cluster-", dir=ROOT / "tmp") as made,
        ExitStack() as stack,
    ):
        folder, epmd_port = Path(made), free_port()
        cookie = folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        nodes = [RabbitNode(folder, number, epmd_port) for number in range(1, count + 1)]
        stack.enter_context(_epmd(epmd_port))
        for node in nodes:
            stack.callback(node.kill)
        yield nodes


def why_not() -> str | None:
    """Why no cluster can be started here, with what to type; None when it can."""
    if not (ROOT / "made-for").exists():
        return "RabbitMQ is missing. Type: make test-cluster"
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        return "unshare and setpriv are missing: apt install util-linux"
    return None


@contextmanager
def _epmd(port: int) -> Iterator[None]:
    """The nodes' register of names, which must not end with one of them."""
    environment = {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(port)}
    process = _in_folder([_EPMD], environment, log=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(30)


def _in_folder(
    command: list[str], environment: dict[str, str], *, log: int
) -> "subprocess.Popen[bytes]":
    """Run a command inside of the folder; it dies with us."""
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **environment}
    given = [f"{name}={value}" for name, value in variables.items()]
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    apart = ["unshare", *as_root, "--mount", "--pid", "--fork", "--kill-child"]
    return subprocess.Popen(
        [
            *("setpriv", "--pdeathsig", "KILL", *apart, f"--mount-proc={ROOT / 'proc'}"),
            *("chroot", str(ROOT), "/usr/bin/env", "-i", *given, *command),
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
