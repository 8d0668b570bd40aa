"""A browser that is signed in at the sellers' pages, over a small log."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from tests.support.dashboard_rows import PASSWORD, World
from tests.support.dashboard_server import RunningDashboard

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """A browser at the pages of one organisation; nothing may go wrong in it unseen."""

    chromium: Browser
    dashboard: RunningDashboard
    world: World
    proofs: dict[str, int]

    def __post_init__(self) -> None:
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self.contexts: list[BrowserContext] = []

    def page(self, **options: Any) -> Page:
        """A new browser window, signed in and at the workbench."""
        context = self.chromium.new_context(
            **{
                "base_url": self.dashboard.url,
                "locale": "en-US",
                "timezone_id": "Asia/Kuala_Lumpur",
            }
            | options,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.problems.append(message.text) if message.type in {"error", "warning"} else None
            ),
        )
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        page.goto("/sign-in")
        page.locator("#email").fill(self.world.email)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/workbench")
        expect(page.locator("[data-live-mark=live]")).to_be_visible()
        return page


def populate(world: World) -> dict[str, int]:
    """A small log with each kind of entry; ids of proofs by name."""
    start = utc_now() - timedelta(minutes=30)
    states = [
        ("sent", DispatchState.SENT, None),
        ("failed", DispatchState.FAILED, Reason.REFUSED_CONTENT),
        ("not-confirmed", DispatchState.NOT_CONFIRMED, None),
        ("held", DispatchState.HELD, Reason.AUTHORIZATION),
        ("hidden", DispatchState.NOT_SHOWN, Reason.REFUSED_CONTENT),
    ]
    proofs = {}
    for place, (name, state, reason) in enumerate(states):
        order = world.add_order(f"2611210{name.upper()}", f"MY26{place:08d}")
        at = start + timedelta(minutes=place)
        proofs[name] = world.add_proof(
            f"2611210{name.upper()}", state, order_id=order, reason=reason, closed_at=at
        )
    proofs["unsent"] = world.add_proof(
        "2611210UNSENT", None, closing="unsent", closed_at=start, clock_synced=False
    )
    photo = world.add_photo("on the table")
    world.tell_health(sign="photos-1", open_code="2611210OPEN", open_photos=[photo])
    return proofs
