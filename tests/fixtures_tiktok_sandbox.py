"""A TikTok Shop sandbox for tests: one per session, started anew from its demo seed each time."""

from collections.abc import Iterator

import pytest

from sandbox.control_client import MarketControl
from sandbox.serving import serving
from sandbox.tiktok.marketplace import TikTokShop
from tests.support.tiktok_caller import TikTokCaller


@pytest.fixture(scope="session")
def tiktok_address() -> Iterator[str]:
    with serving(TikTokShop()) as base_url:
        yield base_url


@pytest.fixture
def tiktok_control(tiktok_address: str) -> Iterator[MarketControl]:
    """The session's TikTok Shop with its demo seed, default limits, no faults, true clock."""
    control = MarketControl(tiktok_address)
    control.call("POST", "/clock", {"reset": True})
    control.reset()
    yield control
    control.close()


@pytest.fixture
def tiktok(tiktok_control: MarketControl, tiktok_address: str) -> Iterator[TikTokCaller]:
    """A bare client of that TikTok Shop, with good credentials."""
    del tiktok_control  # told to start anew before
    made = TikTokCaller(tiktok_address)
    yield made
    made.http.close()
