"""Each page and each button asks for the role of who comes (issue 6: people)."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.roles import MAY, Deed, Role
from cloud.conversations.states import DispatchState
from cloud.dashboard.app import routers
from cloud.dashboard.site import Gate
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard

pytestmark = only_sqlite

FREE_PATHS = {
    "/",
    "/sign-in",
    "/sign-out",
    "/sign-in/code",
    "/account",
    "/account/code",
    "/account/code/confirm",
    "/account/code/off",
    "/account/backup-codes",
    "/account/devices/{device_id}/forget",
    "/account/sign-out-everywhere",
    "/forgot-password",
    "/choose-password",
    "/language",
    "/events",
    "/static/{digest}/{name:path}",
    "/phone/app.webmanifest",
    "/phone/worker.js",
}
"""For everybody, or for every member: none of them shows or changes what others must not see."""
REFUSED = "Your role does not include this"


def set_role(world: World, role: str) -> None:
    def unit(session: Session) -> None:
        session.query(Member).where(Member.email == world.email).one().role = role

    world.database.write(unit, world.scope)


def routes(dashboard: RunningDashboard) -> Iterator[tuple[str, str, Deed | None]]:
    """Method, path and deed of every route."""
    every = (one for router in routers(dashboard.dashboard._site) for one in router.routes)
    found = [one for one in every if isinstance(one, APIRoute)]
    assert len(found) > 20
    for route in found:
        gates = [one.call for one in route.dependant.dependencies if isinstance(one.call, Gate)]
        assert len(gates) <= 1, route.path
        for method in route.methods or ():
            yield method, route.path, gates[0].deed if gates else None


def address(path: str) -> str:
    """With something in the place of each parameter that nothing is known of."""
    photo = re.sub(r"\{sha256[^}]*\}", "0" * 64, path)
    return re.sub(r"\{[^}]+\}", "999999", photo)


def test_every_route_names_what_it_lets_people_do(dashboard: RunningDashboard) -> None:
    nameless = {path for _, path, deed in routes(dashboard) if deed is None}
    assert nameless - FREE_PATHS == set()


@pytest.mark.parametrize("role", [*Role, "emperor"])
def test_a_route_is_closed_to_roles_that_do_not_include_its_deed(
    dashboard: RunningDashboard, world: World, role: str
) -> None:
    set_role(world, role)
    allowed = MAY[Role(role)] if role in set(Role) else frozenset()
    with dashboard.browser(world.email) as browser:
        for method, path, deed in routes(dashboard):
            if deed is None:
                continue
            answer = browser.request(method, address(path))
            is_refused = answer.status_code == 403 and REFUSED in answer.text
            assert is_refused is (deed not in allowed), (method, path, answer.status_code)


def test_what_a_role_does_not_include_is_not_offered(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210MINE", "TRACK-MINE")
    failed = world.add_proof("2611210MINE", DispatchState.FAILED, order_id=order)
    pages = ("/workbench", "/parcelguard/log?state=failed", f"/parcelguard/proofs/{failed}")
    offers = {Role.AGENT: {"resend", "by-hand"}, Role.PACKER: set[str]()}
    for role, expected in offers.items():
        set_role(world, role)
        with dashboard.browser(world.email) as browser:
            texts = [browser.get(page).text for page in pages]
        assert not any('href="/sales-channels/connect"' in text for text in texts)
        forms = set(re.findall(r'action="/parcelguard/[^"]*/([a-z-]+)"', "".join(texts)))
        assert forms <= {"resend", "by-hand", "log", "views"}
        assert bool(forms & {"resend"}) is bool(expected & {"resend"}), (role, forms)


def test_an_agent_sees_shops_and_changes_none(dashboard: RunningDashboard, world: World) -> None:
    set_role(world, Role.AGENT)
    with dashboard.browser(world.email) as browser:
        page = browser.get("/sales-channels").text
    assert "Demo Shop" in page
    assert "/sales-channels/connect" not in page
    assert "/sending" not in page


def test_a_role_holds_from_the_next_page_on(dashboard: RunningDashboard, world: World) -> None:
    with dashboard.browser(world.email) as browser:
        assert browser.get("/workbench").status_code == 200
        set_role(world, "emperor")
        answer: httpx.Response = browser.get("/workbench")
        assert answer.status_code == 403
        assert browser.get("/").status_code == 403
