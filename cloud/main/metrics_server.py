"""``GET /metrics`` for Prometheus, on an address of its own, in a thread of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import ProcessCollector, start_http_server
from prometheus_client.registry import Collector

from cloud.database.write import Database
from cloud.main.backlog import Backlog
from cloud.main.errors import AddressTaken
from cloud.main.settings import MetricsSettings
from cloud.metrics import REGISTRY


@contextmanager
def metrics_served(settings: MetricsSettings, database: Database | None) -> Iterator[None]:
    """Serve what this process counts, if a port is set. ``database``: with what waits there.

    Raises:
        AddressTaken: the text names the port and what to do.
    """
    if not settings.port:
        yield
        return
    shown: list[Collector] = [ProcessCollector(registry=None)]
    if database is not None:
        shown.append(Backlog(database))
    for one in shown:
        REGISTRY.register(one)
    try:
        with _listening(settings):
            yield
    finally:
        for one in shown:
            REGISTRY.unregister(one)


@contextmanager
def _listening(settings: MetricsSettings) -> Iterator[None]:
    try:
        server, thread = start_http_server(settings.port, settings.host, registry=REGISTRY)
    except OSError as error:
        raise AddressTaken(
            f"the metrics cannot have port {settings.port} of {settings.host} ({error.strerror}); "
            "stop the program that uses it or set another metrics.host or metrics.port"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
