"""The pages on a web server of their own, over a database with one organisation in it."""

from collections.abc import Iterator

import pytest

from cloud.database.write import Database
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, running_dashboard


@pytest.fixture
def dashboard(database: Database) -> Iterator[RunningDashboard]:
    """The pages, without any organisation."""
    with running_dashboard(database) as running:
        yield running


@pytest.fixture
def world(dashboard: RunningDashboard) -> World:
    """An organisation with a shop and a table."""
    return dashboard.world()
