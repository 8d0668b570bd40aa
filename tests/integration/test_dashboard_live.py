"""The stream of events: who is told what, and going on where one was."""

from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState
from cloud.database.changes import record_change
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard
from tests.support.event_streams import listening


def position(world: World, dashboard: RunningDashboard) -> int:
    return dashboard.feed.position()


def test_a_change_is_told_while_the_page_is_open(dashboard: RunningDashboard, world: World) -> None:
    start = position(world, dashboard)
    with (
        dashboard.browser(world.email) as browser,
        listening(browser, start) as events,
    ):
        assert next(events) == (str(start), "ready", [])
        proof = world.add_proof("NEW", DispatchState.QUEUED, photos=0)
        _, kind, topics = next(events)
        assert kind == "news"
        assert "log" in topics
        world.change_state(proof, DispatchState.SENT)
        assert any(topic.startswith("proof-key:") for topic in next(events)[2])
        world.tell_health(sign="open")
        assert next(events)[2] == ["table-health", f"table:{world.table_id}"]


def test_a_browser_that_was_away_goes_on_after_its_last_event(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser(world.email) as browser:
        start = position(world, dashboard)
        world.tell_health(sign="open")
        with listening(browser, start) as events:
            next(events)
            heard, _, topics = next(events)
            assert topics == ["table-health", f"table:{world.table_id}"]
        world.add_proof("WHILE-AWAY", DispatchState.QUEUED, photos=0)
        with listening(browser, start, last_event_id=heard) as events:
            assert next(events)[:2] == (heard, "ready")
            assert f"table:{world.table_id}" not in next(events)[2]


def test_another_organisations_changes_are_not_told(
    dashboard: RunningDashboard, world: World
) -> None:
    stranger = dashboard.world("stranger@other.test", name="Other")
    start = position(world, dashboard)
    with dashboard.browser(stranger.email) as browser, listening(browser, start) as events:
        next(events)
        world.tell_health(sign="open")
        world.add_proof("MINE", DispatchState.SENT, photos=0)
        stranger.tell_health(sign="ready")
        assert next(events)[2] == ["table-health", f"table:{stranger.table_id}"]


@only_sqlite
def test_after_a_long_absence_everything_is_looked_at_once(
    dashboard: RunningDashboard, world: World
) -> None:
    def much(session: Session) -> None:
        for _ in range(500):
            record_change(session, kind="table", subject=f"table:{world.table_id}")

    start = position(world, dashboard)
    world.database.write(much, world.scope)
    with dashboard.browser(world.email) as browser, listening(browser, start) as events:
        next(events)
        heard, _, topics = next(events)
    assert topics == ["everything"]
    assert int(heard) == position(world, dashboard)


@only_sqlite
def test_streams_end_when_the_program_stops(dashboard: RunningDashboard, world: World) -> None:
    with dashboard.browser(world.email) as browser, listening(browser) as events:
        next(events)
        dashboard.dashboard.end_streams()
        assert [kind for _, kind, _ in events if kind != "news"] == []
