"""A real S3 server for tests."""

from collections.abc import Iterator

import pytest

from tests.support.s3_server import S3Server


@pytest.fixture(scope="session")
def shared_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for all tests of this process."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3_server(shared_s3: S3Server) -> S3Server:
    """The shared server, running even if an earlier test stopped it."""
    shared_s3.start()
    return shared_s3


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """An empty bucket of the test's own."""
    return s3_server.make_bucket()
