"""Members: added, changed and let go by an owner (issue 6: people; U-25)."""

import re
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from cloud.accounts.models import Member, SignIn
from cloud.accounts.roles import Role
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of

PATH = "/members"
OTHER = "packer@demo.test"


@pytest.fixture
def owner(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield client


def added(owner: httpx.Client, role: Role = Role.PACKER, email: str = OTHER) -> str:
    """The new member's password."""
    answer = owner.post(PATH, data={"email": email, "role": role})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return given(answer)


def given(answer: httpx.Response) -> str:
    found = re.search(r'id="given-password">([^<]+)<', answer.text)
    assert found is not None, answer.text
    return found[1]


def sign_in(client: httpx.Client, password: str, email: str = OTHER) -> httpx.Response:
    return client.post("/sign-in", data={"email": email, "password": password})


def id_of(world: World, email: str = OTHER) -> int:
    with world.database.read(world.scope) as session:
        return session.scalars(select(Member.id).where(Member.email == email)).one()


def said(owner: httpx.Client, answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return text_of(owner.get(answer.headers["location"]).text)


def test_a_new_member_signs_in_with_the_password_that_is_shown_once(
    dashboard: RunningDashboard, world: World, owner: httpx.Client
) -> None:
    password = added(owner, Role.AGENT, " Packer@Demo.test ")
    assert password not in owner.get(PATH).text
    with dashboard.browser() as client:
        assert sign_in(client, password).status_code == 303
        assert client.get("/sales-channels").status_code == 200
        assert client.get(PATH).status_code == 403
    listed = text_of(owner.get(PATH).text)
    assert OTHER in listed
    assert "with 1 browser" in listed


def test_a_role_is_changed_and_the_last_owner_stays_one(
    dashboard: RunningDashboard, world: World, owner: httpx.Client
) -> None:
    own = id_of(world, world.email)
    refused = owner.post(f"{PATH}/{own}/role", data={"role": "agent"})
    assert "this is the only owner" in said(owner, refused)
    assert "this is the only owner" in said(owner, owner.post(f"{PATH}/{own}/let-go"))
    password = added(owner)
    changed = owner.post(f"{PATH}/{id_of(world)}/role", data={"role": "owner"})
    assert "The role was changed" in said(owner, changed)
    with dashboard.browser() as client:
        sign_in(client, password)
        assert client.get(PATH).status_code == 200
        client.post(f"{PATH}/{own}/role", data={"role": "it"})
    assert owner.get("/workbench").status_code == 403


def test_who_is_let_go_is_out_at_once_and_may_come_back(
    dashboard: RunningDashboard, world: World, owner: httpx.Client
) -> None:
    password = added(owner)
    with dashboard.browser() as client:
        sign_in(client, password)
        assert client.get("/account").status_code == 200
        gone = owner.post(f"{PATH}/{id_of(world)}/let-go")
        assert "cannot sign in any more" in said(owner, gone)
        assert client.get("/workbench").status_code == 303
        assert sign_in(client, password).status_code == 401
        assert OTHER not in owner.get(PATH).text
        before = id_of(world)
        again = added(owner)
        assert id_of(world) == before  # what they did keeps their name
        assert sign_in(client, password).status_code == 401
        assert sign_in(client, again).status_code == 303


def test_signing_out_everywhere_and_a_new_password(
    dashboard: RunningDashboard, world: World, owner: httpx.Client
) -> None:
    password = added(owner)
    member = id_of(world)
    with dashboard.browser() as client:
        sign_in(client, password)
        assert "signed out" in said(owner, owner.post(f"{PATH}/{member}/sign-out"))
        assert client.get("/workbench").status_code == 303
        sign_in(client, password)
        new = given(owner.post(f"{PATH}/{member}/password"))
        assert client.get("/workbench").status_code == 303
        assert sign_in(client, password).status_code == 401
        assert sign_in(client, new).status_code == 303


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"email": OTHER, "role": "packer"}, "cannot be added"),
        ({"email": "stranger@other.test", "role": "packer"}, "cannot be added"),
        ({"email": "nobody", "role": "packer"}, "name@example.com"),
        ({"email": "a b@example.com", "role": "packer"}, "name@example.com"),
    ],
)
def test_what_cannot_be_added_is_said_and_changes_nothing(
    dashboard: RunningDashboard, owner: httpx.Client, data: dict[str, str], words: str
) -> None:
    dashboard.world("stranger@other.test", name="Other")
    added(owner)
    before = owner.get(PATH).text
    assert words in said(owner, owner.post(PATH, data=data))
    assert owner.get(PATH).text == before


def test_a_role_that_does_not_exist_is_refused(owner: httpx.Client) -> None:
    answer = owner.post(PATH, data={"email": OTHER, "role": "emperor"})
    assert answer.status_code == 422


def test_members_of_others_are_not_there(
    dashboard: RunningDashboard, world: World, owner: httpx.Client
) -> None:
    stranger = dashboard.world("stranger@other.test", name="Other")
    theirs = id_of(stranger, stranger.email)
    assert "stranger@other.test" not in owner.get(PATH).text
    with dashboard.browser(stranger.email) as client:
        for deed in ("role", "sign-out", "let-go", "password"):
            answer = owner.post(f"{PATH}/{theirs}/{deed}", data={"role": "packer"})
            assert answer.status_code == 303
            assert (
                "signed-out" in answer.headers["location"] or "gone" in answer.headers["location"]
            )
        assert client.get("/workbench").status_code == 200
    with world.database.read(stranger.scope) as session:
        assert session.scalars(select(Member.role)).all() == ["owner"]
        assert len(session.scalars(select(SignIn.id)).all()) == 1
