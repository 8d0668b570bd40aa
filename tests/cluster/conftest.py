"""A cluster of three brokers, the cloud's roles on PostgreSQL, a sandbox, and tables."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.testing import RunningSandbox
from tests.support.cluster_plant import ClusterPlant, cluster_plant
from tests.support.mosquitto import free_port
from tests.support.rabbit_cluster import rabbit_cluster, why_not


@pytest.fixture
def plant(
    tmp_path: Path, migrated_address: str, shopee_sandbox: RunningSandbox
) -> Iterator[ClusterPlant]:
    reason = why_not()
    if reason is not None:
        pytest.fail(reason)  # whoever asked for this test wants it
    with ExitStack() as stack:
        door_port = free_port()
        nodes = stack.enter_context(rabbit_cluster(door_port))
        made = cluster_plant(tmp_path, migrated_address, shopee_sandbox, nodes, door_port)
        yield stack.enter_context(made)
