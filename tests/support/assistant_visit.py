"""A packer with a browser at Order Fulfillment Assistant, over a dispatcher that really sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Download, Page, expect
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.passwords import hash_password
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.proofs.platforms import Switch
from cloud.proofs.switches import put_switches
from tests.support.dashboard_rows import PASSWORD
from tests.support.dashboard_server import RunningDashboard, running_dashboard
from tests.support.dispatch_bench import Bench

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
EMAIL = "packer@seller.test"
ASSISTANT, PHONE = "/fulfillment/assistant", "/phone"
SENT = "Image Sent to Customer's Chat"

_password_hash = hash_password(PASSWORD)


@dataclass
class Station:
    """Where a packer works: the pages, and the shop that sends."""

    bench: Bench
    dashboard: RunningDashboard
    contexts: list[BrowserContext] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def page(
        self, chromium: Browser, path: str = ASSISTANT, *, before: str = "", **options: Any
    ) -> Page:
        """A window that is signed in, at one of the pages, and ready.

        ``before`` runs in each page ahead of everything else.
        """
        context = chromium.new_context(base_url=self.dashboard.url, locale="en-US", **options)
        self.contexts.append(context)
        context.add_init_script(before)
        page = context.new_page()
        page.on("download", self.keep)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(f"/sign-in?next={path}")
        page.locator("#email").fill(EMAIL)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{path}")
        ready(page)
        return page

    def keep(self, download: Download) -> None:
        """Note a copy that the page saved."""
        self.downloads.append(download)

    def switch_off(self, switch: Switch) -> None:
        """As somebody saves it on ParcelGuard's pages."""

        def unit(session: Session) -> None:
            member = session.query(Member).where(Member.email == EMAIL).one()
            put_switches(session, {switch: False}, member_id=member.id, now=utc_now())

        self.bench.database.write(unit, scoped(self.bench.organisation_id))


def ready(page: Page) -> None:
    """Wait until the page takes presses."""
    expect(page.locator("#assistant[data-ready=yes]")).to_be_visible()


def scan(page: Page, code: str) -> None:
    """As a scanner does: it types, and ends with Enter."""
    page.locator("#scan").fill(code)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=code]")).to_have_text(code)
    expect(page.locator("#assistant[data-camera-is=on]")).to_be_visible()


def take_photos(page: Page, count: int) -> None:
    """Press F1 as often, each once the photo before it is saved."""
    before = page.locator("[data-part=photos] li").count()
    for number in range(before + 1, before + count + 1):
        page.keyboard.press("F1")
        expect(page.locator("[data-part=photos] li")).to_have_count(number)


@contextmanager
def running_station(bench: Bench, *, role: str = "packer") -> Iterator[Station]:
    """The pages and the dispatcher, until the block ends."""

    def unit(session: Session) -> None:
        session.add(
            Member(email=EMAIL, role=role, password_hash=_password_hash, created_at=utc_now())
        )

    bench.database.write(unit, scoped(bench.organisation_id))
    with running_dashboard(bench.database, photos=bench.store) as dashboard, bench.running():
        station = Station(bench, dashboard)
        try:
            yield station
        finally:
            for context in station.contexts:
                context.close()
    assert station.problems == []
