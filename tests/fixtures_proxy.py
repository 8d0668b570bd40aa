"""Real HTTP proxies for tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.tinyproxy import Tinyproxy

MakeProxy = Callable[..., Tinyproxy]
"""Starts a proxy; keywords as ``Tinyproxy``. It is stopped after the test."""


@pytest.fixture
def make_proxy(tmp_path: Path) -> Iterator[MakeProxy]:
    """Proxies of a test's own."""
    with ExitStack() as proxies:

        def make(**settings: Any) -> Tinyproxy:
            proxy = Tinyproxy(tmp_path / f"proxy-{len(list(tmp_path.iterdir()))}", **settings)
            proxy.start()
            proxies.callback(proxy.stop)
            return proxy

        yield make
