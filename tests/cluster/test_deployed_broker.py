"""The broker of deploy/compose.yaml, with its own configuration: TLS, our door, nothing else."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from cloud.api.broker_door import broker_door
from cloud.database.write import Database
from cloud.link.mqtt import can_connect
from cloud.link.settings import LinkSettings
from tests.database_rows import only_sqlite
from tests.support.certificates import Authority
from tests.support.rabbit_cluster import RabbitNode, rabbit_nodes, why_not
from tests.support.waiting import eventually

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "broker" / "rabbitmq.conf"
PASSWORD = "of the cloud"

pytestmark = [only_sqlite, pytest.mark.cluster, pytest.mark.timeout(200)]


@contextmanager
def door(database: Database) -> Iterator[int]:
    app = FastAPI()
    app.include_router(broker_door(database, "cloud", PASSWORD))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        eventually(lambda: server.started)
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(20)


def configured(node: RabbitNode, door_port: int, certificate: str, key: str) -> str:
    """The file as it is, with the places of this test."""
    text = CONFIGURATION.read_text()
    changes = {
        "mqtt.listeners.ssl.default = 8883": f"mqtt.listeners.ssl.1 = {node.address}",
        "/run/secrets/mqtt_certificate": certificate,
        "/run/secrets/mqtt_key": key,
        "http://web:8081": f"http://127.0.0.1:{door_port}",
        "log.console.level = warning": "log.console.level = info",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_broker_of_the_containers_speaks_tls_and_asks_us(
    database: Database, tmp_path: Path
) -> None:
    reason = why_not()
    if reason is not None:
        pytest.fail(reason)
    authority = Authority(tmp_path / "authority.pem")
    tls = authority.certificate(tmp_path, datetime.now(UTC) - timedelta(days=1), "localhost")
    with door(database) as door_port, rabbit_nodes(1) as [node]:
        places = [node.place(path) for path in (tls.certificate, tls.key)]
        node.write(configured(node, door_port, *places))
        node.start()
        node.wait_ready()
        settings = LinkSettings(
            "localhost", node.port, "cloud", PASSWORD, tls=True, ca_file=authority.file
        )
        assert can_connect(settings, "cloud", PASSWORD, 10)
        assert not can_connect(settings, "cloud", "guessed", 10)
        assert not can_connect(settings, "guest", "guest", 10)
        assert re.findall(r"started (.+?) listener", node.log()) == ["MQTT TLS"]
        plain = LinkSettings("localhost", node.port, "cloud", PASSWORD)
        assert not can_connect(plain, "cloud", PASSWORD, 3)
