"""Virtual tables, each with a disk of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.virtual_table.product import installed_disk
from tests.support.virtual_table.uml_machine import why_not
from tests.support.virtual_table.virtual_table import VirtualTable


@pytest.fixture(scope="session")
def disk() -> Path:
    """With the product installed."""
    reason = why_not()
    if reason is not None:
        pytest.fail(reason)  # whoever asked for this test wants it
    return installed_disk()


@pytest.fixture
def table(tmp_path: Path, disk: Path) -> Iterator[VirtualTable]:
    """Power off, nothing packed yet."""
    with VirtualTable(tmp_path / "table", disk) as made:
        yield made
