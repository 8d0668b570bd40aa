"""What is asked for every message and every piece of news stays cheap while the log grows.

SQLite keeps no statistics here: it chooses between indexes by their columns alone, so that its
plans for an empty database are those for a million rows.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cloud.conversations.queries import messages_with_attempts, recent_texts, sent_parts_of
from cloud.database.base import utc_now
from cloud.link.progress import newest_progress
from cloud.privacy.buyer_data import buyer_data
from cloud.privacy.buyers import find_buyers
from cloud.privacy.due import START, oldest_photos, verdicts
from cloud.proofs.log_parts import tracking_numbers
from cloud.proofs.queries import codes_showing, photo_hashes, photos_of
from cloud.proofs.shift import shift_of
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.statements import noted_statements

A_FEW_ROWS_EACH = r"SEARCH \w+ USING (COVERING )?(INDEX|INTEGER PRIMARY KEY)"
ALL_OF_AN_ORGANISATION = r"\(organisation_id=\?\)"
ALL_IN_A_STATE = r"ix_messages_state|ix_dispatches_(state|due)"
READINGS: dict[str, Callable[[Session, int], object]] = {
    "what the buyer has": sent_parts_of,
    "news for a table": lambda session, _proof: newest_progress(session, ["a" * 32, "b" * 32]),
    "texts of a chat": lambda session, _proof: recent_texts(
        session, 1, utc_now(), timedelta(days=1), besides=2
    ),
    "a page of a proof": lambda session, proof: messages_with_attempts(session, [proof, 2, 3]),
    "tracking numbers of proofs": lambda session, proof: tracking_numbers(session, [proof, 2]),
    "hashes of a proof": photo_hashes,
    "photos of a proof": photos_of,
    "codes of a photo": lambda session, _proof: codes_showing(session, "a" * 64, 5),
    "what becomes of old photos": lambda session, proof: verdicts(
        session, [*photo_hashes(session, proof), "a" * 64], utc_now()
    ),
    "old photos": lambda session, _proof: oldest_photos(session, utc_now(), START, 16),
    "a photo of a shift": lambda session, _proof: shift_of("a@b.test", utc_now()).shows(
        session, "a" * 64
    ),
    "buyers by a name": lambda session, _proof: find_buyers(session, "ORDER-1"),
    "a buyer's data": lambda session, _proof: [
        buyer_data(session, one.buyer) for one in find_buyers(session, "ORDER-1")
    ],
}


@pytest.mark.parametrize("name", READINGS)
@only_sqlite
def test_it_reads_the_rows_of_one_thing_alone(world: World, name: str) -> None:
    order = world.add_order("ORDER-1")
    proof = world.add_proof("CODE", order_id=order, photos=1)
    plans: list[str] = []
    engine = world.database.engines.reader
    with noted_statements(engine) as statements, world.database.read(world.scope) as session:
        READINGS[name](session, proof)
    with engine.connect() as connection:
        for statement, values in statements:
            if statement.startswith("SELECT"):
                explained = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)  # type: ignore[arg-type]
                plans += [str(row[-1]) for row in explained]
    said = "\n".join(plans)
    assert re.search(A_FEW_ROWS_EACH, said), said
    assert not re.search(f"{ALL_OF_AN_ORGANISATION}|{ALL_IN_A_STATE}", said), said
