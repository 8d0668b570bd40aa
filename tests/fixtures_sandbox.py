"""A Shopee sandbox for tests: one per session, started anew from its demo seed each time."""

from collections.abc import Iterator

import pytest

from sandbox.testing import RunningSandbox, running_sandbox
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
