"""The dispatcher at work, for tests (see `tests.support.dispatch_bench`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.database.write import Database
from sandbox.testing import RunningSandbox
from tests.support.claim_turns import Turns
from tests.support.dispatch_bench import Bench
from tests.support.dispatch_setup import make_bench
from tests.support.outbox_rows import OutboxRows


@pytest.fixture
def bench(database: Database, shopee_sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Bench]:
    """One organisation, its shop at the sandbox, no dispatcher yet; once per kind of database."""
    made = make_bench(database, shopee_sandbox, tmp_path)
    yield made
    made.clients.close()


@pytest.fixture
def turns(database: Database) -> Turns:
    """The dispatcher's units, without its threads."""
    return Turns(database)


@pytest.fixture
def rows(database: Database) -> OutboxRows:
    """An organisation with planned dispatches as the test needs them."""
    return OutboxRows(database)
