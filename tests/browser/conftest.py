"""Chromium, and the sellers' pages for it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from cloud.database.write import Database
from sandbox.testing import RunningSandbox
from tests.support.assistant_visit import CAMERA, Station, running_station
from tests.support.browser_visit import FLAGS, Visit, populate
from tests.support.dashboard_server import RunningDashboard, running_dashboard
from tests.support.dispatch_bench import Bench

# A machine that does much else at the same time is no fault of the page.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def dashboard(database: Database, shopee_sandbox: RunningSandbox) -> Iterator[RunningDashboard]:
    """The pages, with the sandbox's phones of buyers."""
    # Every buyer has the phone of one that the sandbox knows.
    address = shopee_sandbox.base_url + "/buyer/22000001/900000001?is={shop_id}-{buyer_id}"
    with running_dashboard(database, buyer_view_url=address) as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, dashboard: RunningDashboard) -> Iterator[Visit]:
    world = dashboard.world()
    visit = Visit(chromium, dashboard, world, populate(world))
    yield visit
    for context in visit.contexts:
        context.close()
    assert visit.problems == []


@pytest.fixture(scope="module")
def with_camera() -> Iterator[Browser]:
    """Chromium with a camera of its own, which shows a moving picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*FLAGS, *CAMERA]
        )
        yield browser
        browser.close()


@pytest.fixture
def station(bench: Bench) -> Iterator[Station]:
    """Where a packer works with a browser."""
    with running_station(bench) as running:
        yield running
