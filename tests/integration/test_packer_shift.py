"""A packer sees what they packed in their own shift, and no other photos (issue 6: privacy)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.roles import Deed, Role
from cloud.conversations.states import DispatchState
from cloud.dashboard.app import routers
from cloud.dashboard.site import Gate
from cloud.database.base import utc_now
from cloud.proofs.models import ProofPhoto
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard

PACKER, COLLEAGUE = "mei@demo.test", "ravi@demo.test"


@dataclass(frozen=True)
class Shown:
    """Two packers' orders: what Mei may see, and what she may not."""

    world: World
    own: int
    others: dict[str, int]

    def photos(self, proof_id: int) -> list[str]:
        with self.world.database.read(self.world.scope) as session:
            rows = session.query(ProofPhoto).where(ProofPhoto.proof_id == proof_id)
            return [one.sha256 for one in rows]


@pytest.fixture
def shown(dashboard: RunningDashboard, world: World) -> Shown:
    def unit(session: Session) -> None:
        owner = session.query(Member).where(Member.email == world.email).one()
        for email in (PACKER, COLLEAGUE):
            session.add(
                Member(
                    email=email,
                    role=Role.PACKER,
                    password_hash=owner.password_hash,
                    created_at=utc_now(),
                )
            )

    world.database.write(unit, world.scope)
    now = utc_now()

    def add(code: str, packer: str | None, hours: float) -> int:
        at = now - timedelta(hours=hours)
        state = DispatchState.SENT
        return world.add_proof(code, state, packer=packer, closed_at=at)

    others = {
        "261121COLLEAGUE": add("261121COLLEAGUE", COLLEAGUE, 1),
        "261121YESTERDAY": add("261121YESTERDAY", PACKER, 12.1),
        "261121NOBODY": add("261121NOBODY", None, 1),
    }
    world.tell_health(sign="open", open_code="261121OPEN")
    return Shown(world, add("261121OWN", PACKER, 11.9), others)


def routes_of(dashboard: RunningDashboard, deed: Deed) -> Iterator[str]:
    """Paths that are opened for a deed."""
    every = (one for router in routers(dashboard.dashboard._site) for one in router.routes)
    for route in every:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            gates = [one.call for one in route.dependant.dependencies]
            if any(isinstance(one, Gate) and one.deed is deed for one in gates):
                yield route.path


def test_whatever_is_opened_shows_a_packer_the_own_shift_alone(
    dashboard: RunningDashboard, shown: Shown
) -> None:
    """The walk with the wrong role: each address that packers may open, with others' ids in it."""
    paths = [*routes_of(dashboard, Deed.SEE_PROOFS), *routes_of(dashboard, Deed.PACK)]
    assert len(paths) > 6
    with dashboard.browser(PACKER) as browser:
        for path in paths:
            for code, proof in shown.others.items():
                photo = shown.photos(proof)[0]
                address = re.sub(r"\{sha256[^}]*\}", photo, path)
                address = address.replace("{proof_id}", str(proof))
                assert "{" not in address
                answer = browser.get(address)
                assert code not in answer.text
                if address != path:
                    assert answer.status_code == 404, address
                else:
                    assert photo not in answer.text
        for query in (f"?packer={COLLEAGUE}", "?code=261121COLLEAGUE", "?column=pictures", ""):
            for place in ("", "/rows"):
                text = browser.get(f"/parcelguard/log{place}{query}").text
                assert not [code for code in shown.others if f"proof-{shown.others[code]}" in text]
                is_own = query in {"?column=pictures", ""}
                assert (f'id="proof-{shown.own}"' in text) is is_own, query
        for photo in shown.photos(shown.own):
            assert browser.get(f"/photos/{photo}").status_code == 200
            answer = browser.get(f"/photos/{photo}/small")
            assert answer.status_code == 200
            # Whoever signs in next with this browser is asked about anew.
            assert answer.headers["vary"] == "Cookie"
        assert browser.get(f"/parcelguard/proofs/{shown.own}").status_code == 200
        assert browser.get("/").headers["location"] == "/parcelguard/log"
        assert "own-shift" in browser.get("/parcelguard/log").text


@only_sqlite
def test_what_all_see_is_closed_to_packers_and_open_to_others(
    dashboard: RunningDashboard, shown: Shown
) -> None:
    world = shown.world
    colleague = shown.others["261121COLLEAGUE"]
    closed = [
        "/workbench",
        "/workbench/table",
        "/workbench/latest",
        "/parcelguard/not-sent",
        f"/tables/{world.table_id}/proofs",
        "/parcelguard/log/export.csv",
        f"/parcelguard/proofs/{colleague}/evidence.zip",
    ]
    with dashboard.browser(PACKER) as browser:
        assert {browser.get(path).status_code for path in closed} == {403}
        page = browser.get("/parcelguard/log").text
        assert not any(f'href="{path}"' in page for path in closed)
    with dashboard.browser(world.email) as browser:
        text = browser.get("/parcelguard/log").text
        assert all(f'id="proof-{proof}"' in text for proof in shown.others.values())
        assert "own-shift" not in text
        for photo in shown.photos(colleague):
            assert browser.get(f"/photos/{photo}").status_code == 200
