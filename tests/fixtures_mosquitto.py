"""Real brokers for tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.mosquitto import Mosquitto

MakeMosquitto = Callable[..., Mosquitto]
"""Starts a broker of the test's own; keywords as ``Mosquitto``. It is stopped after the test."""


@pytest.fixture(scope="session")
def shared_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One broker for all tests of this process."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def mosquitto(shared_mosquitto: Mosquitto) -> Mosquitto:
    """The shared broker, running even if an earlier test stopped it."""
    shared_mosquitto.start()
    return shared_mosquitto


@pytest.fixture
def make_mosquitto(tmp_path: Path) -> Iterator[MakeMosquitto]:
    """Brokers of a test's own, with limits or TLS."""
    with ExitStack() as brokers:

        def make(**settings: Any) -> Mosquitto:
            broker = Mosquitto(tmp_path / f"mosquitto-{len(list(tmp_path.iterdir()))}", **settings)
            broker.start()
            brokers.callback(broker.stop)
            return broker

        yield make
