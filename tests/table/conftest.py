"""Virtual tables, each with a disk of its own."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.virtual_table.product import installed_disk
from tests.support.virtual_table.uml_machine import why_not
from tests.support.virtual_table.virtual_table import VirtualTable


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the table and its cloud said last stands below a failure."""
    report = yield
    table = getattr(item, "funcargs", {}).get("table")
    if call.when == "call" and report.failed and isinstance(table, VirtualTable):
        report.sections.append(("log of the virtual table", table.log(200)))
    return report


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
