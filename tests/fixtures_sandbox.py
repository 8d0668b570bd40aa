"""Sandboxes for tests: one of each per session, started anew from its demo seed each time."""

from collections.abc import Iterator

import pytest

from sandbox.control_client import MarketControl
from sandbox.lazada.marketplace import Lazada
from sandbox.serving import serving
from sandbox.testing import RunningSandbox, running_sandbox
from tests.support.lazada_caller import LazadaCaller
from tests.support.shopee_caller import ShopeeCaller


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def shopee_sandbox(shared_sandbox: RunningSandbox) -> RunningSandbox:
    """The session's sandbox with its demo seed, default limits, no faults, true clock."""
    shared_sandbox.control.call("POST", "/clock", {"reset": True})
    shared_sandbox.control.reset()
    return shared_sandbox


@pytest.fixture
def caller(shopee_sandbox: RunningSandbox) -> Iterator[ShopeeCaller]:
    """A bare client of the sandbox, with good credentials."""
    made = ShopeeCaller(shopee_sandbox.base_url)
    yield made
    made.http.close()


@pytest.fixture(scope="session")
def lazada_address() -> Iterator[str]:
    with serving(Lazada()) as base_url:
        yield base_url


@pytest.fixture
def lazada_control(lazada_address: str) -> Iterator[MarketControl]:
    """The session's Lazada with its demo seed, default limits, no faults, true clock."""
    control = MarketControl(lazada_address)
    control.call("POST", "/clock", {"reset": True})
    control.reset()
    yield control
    control.close()


@pytest.fixture
def lazada(lazada_control: MarketControl, lazada_address: str) -> Iterator[LazadaCaller]:
    """A bare client of that Lazada, with good credentials."""
    del lazada_control  # told to start anew before
    made = LazadaCaller(lazada_address)
    yield made
    made.http.close()
