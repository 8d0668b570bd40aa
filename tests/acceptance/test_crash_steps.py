"""The table is killed at each step from key press to receipt, beside a whole running system."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from launcher.evidence import TablePhoto
from tests.support.killed_table import (
    KILLED,
    SLICES,
    WHILE_PACKING,
    WHILE_SENDING,
    dying_at,
    kept_photos,
    pack,
)
from tests.support.table_process import TableProcess
from tests.support.waiting import eventually
from tests.support.whole import fast_plan, proofs_of, require_chat, running, sent_proofs

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

STEPS = WHILE_PACKING | WHILE_SENDING
ENDED_S = 15.0
ALL_SENT_S = 120.0


def test_a_buyer_gets_everything_once_wherever_the_table_was_killed(tmp_path: Path) -> None:
    """Promises 1 and 2: one order for each step, and nothing more in any chat."""
    with running(fast_plan(tmp_path)) as whole:
        assert whole.table.program.stop(ENDED_S)
        settings, data = whole.plan.folder.table_settings, whole.plan.folder.spool.parent
        orders = {}
        for where, passing in STEPS.items():
            order = whole.marketplace.plant_order("STEP")
            orders[order.number] = order
            with TableProcess(settings, *SLICES, environment=dying_at(where, passing)) as table:
                table.see("Ready")
                pack(table, order.number)
                assert table.end() == KILLED, where
            with TableProcess(settings) as table:
                table.see("Ready")
                if order.number not in {one.code for one in sent_proofs(whole)}:
                    assert pack(table, order.number, kept_photos(data, order.number))
                eventually(lambda: all(one.receipted for one in proofs_of(whole)))
                assert table.stop() == 0
        with TableProcess(settings) as table:
            table.see("Ready")
            eventually(
                lambda: all(one.progress == "sent" for one in sent_proofs(whole)), ALL_SENT_S
            )
            assert table.stop() == 0
        assert sorted(one.code for one in sent_proofs(whole)) == sorted(orders)
        photos = {one.code: on_disk(one.photos) for one in sent_proofs(whole)}
        for number, order in orders.items():
            require_chat(whole, order, photos[number])


def on_disk(paths: Iterable[Path]) -> list[TablePhoto]:
    contents = [path.read_bytes() for path in paths]
    return [TablePhoto(one) for one in contents]
