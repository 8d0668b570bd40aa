"""``packwitness-cloud serve`` and ``run``: the roles of a process, started and ended in order.

The code of a role is loaded where it is run.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cloud.main.broker_access import BrokerAccess, access_of_many, access_of_one_process
from cloud.main.errors import BadSettings, StartError
from cloud.main.parts import Parts, Service, parts
from cloud.main.process import wait_for_end
from cloud.main.roles import Role
from cloud.main.settings import CloudSettings

if TYPE_CHECKING:
    from cloud.broker.mosquitto import Mosquitto

_ALL = frozenset(Role) - {Role.BROKER}


@dataclass(frozen=True, slots=True)
class _Process:
    """What this process is to do."""

    made: Parts
    access: BrokerAccess
    roles: frozenset[Role]
    listening: socket.socket | None
    """For the pages."""
    on_ready: Callable[[], None]


def serve(settings: CloudSettings, on_ready: Callable[[], None]) -> None:
    """Run everything in this process until SIGINT or SIGTERM; then finish what is in work and end.

    Raises StartError, BrokerError, DatabaseError or PhotoStoreError when it cannot start.
    """
    access = access_of_one_process(settings.broker)
    with ExitStack() as stack:
        listening = _listen(settings, stack)
        made = stack.enter_context(parts(settings, alone=True))
        _serve_metrics(made, _ALL, stack)
        broker = None
        if settings.broker.embedded:
            from cloud.main.roles.broker import embedded_broker  # noqa: PLC0415 - see above

            broker = embedded_broker(made, access)
            broker.start()
            stack.callback(broker.stop)
        _work(_Process(made, access, _ALL, listening, on_ready), broker)


def run(settings: CloudSettings, roles: frozenset[Role], on_ready: Callable[[], None]) -> None:
    """The same for some roles, in one process of several.

    Raises what ``serve`` raises, and BadSettings when the settings do not let processes share.
    """
    _require_shareable(settings, roles)
    access = access_of_many(settings.broker)
    with ExitStack() as stack:
        listening = _listen(settings, stack) if Role.WEB in roles else None
        made = stack.enter_context(parts(settings, alone=False))
        _serve_metrics(made, roles, stack)
        _work(_Process(made, access, roles, listening, on_ready), None)


def _require_shareable(settings: CloudSettings, roles: frozenset[Role]) -> None:
    try:
        kind = make_url(settings.database_url).get_backend_name()
    except ArgumentError:
        kind = ""  # opening it says what is wrong
    if kind == "sqlite":
        raise BadSettings(
            "SQLite serves one process: type packwitness-cloud serve, or set database to a "
            "PostgreSQL address (postgresql+psycopg://user@host/name)"
        )
    if Role.BROKER in roles and not settings.broker.embedded:
        raise BadSettings("setting broker.embedded is false: there is no broker of ours to run")
    if not settings.key_file.exists():
        raise StartError(
            f"{settings.key_file} is missing. On the first machine type: packwitness-cloud init; "
            "then copy the file to each machine, for its user alone"
        )


def _listen(settings: CloudSettings, stack: ExitStack) -> socket.socket:
    from cloud.main.web import listen  # noqa: PLC0415 - see above

    return stack.enter_context(listen(settings.web.host, settings.web.port))


def _serve_metrics(made: Parts, roles: frozenset[Role], stack: ExitStack) -> None:
    if made.settings.metrics.port:
        from cloud.main.metrics_server import metrics_served  # noqa: PLC0415 - see above

        database = made.database if Role.SYNC in roles else None
        stack.enter_context(metrics_served(made.settings.metrics, database))


def _work(process: _Process, broker: "Mosquitto | None") -> None:
    """Start everything in order, and end it in the opposite one. ``broker``: of this process."""
    made = process.made
    with ExitStack() as stack:
        for service in _services(process, broker):
            stack.callback(service.stop)
            service.start()
        # Loops wait for news; closing the feed first lets each of them end at once.
        stack.callback(made.end_news)
        if Role.WEB in process.roles and process.listening is not None:
            from cloud.main.roles.web import serve_pages  # noqa: PLC0415 - see above

            serve_pages(
                made,
                process.access,
                broker,
                listening=process.listening,
                on_ready=process.on_ready,
            )
        else:
            process.on_ready()
            wait_for_end()


def _services(process: _Process, broker: "Mosquitto | None") -> Iterator[Service]:
    """The roles that have threads of their own, each built after the one before it was started."""
    made, roles = process.made, process.roles
    if broker is not None:
        from cloud.main.roles.broker import BrokerUsers  # noqa: PLC0415 - see above

        yield BrokerUsers(made, broker)
    if Role.BROKER in roles:
        from cloud.main.roles.broker import BrokerService  # noqa: PLC0415 - see above

        yield BrokerService(made, process.access)
    if Role.WEB in roles and made.settings.broker.door_port:
        from cloud.main.roles.door import DoorService  # noqa: PLC0415 - see above

        yield DoorService(made, process.access)
    if Role.SYNC in roles:
        from cloud.main.roles import sync  # noqa: PLC0415 - see above

        yield sync.housekeeping(made)
        yield sync.order_sync(made)
        yield sync.authorization_keeper(made)
        yield sync.push_worker(made)
        yield sync.report_counter(made)
        if made.settings.mail.host:
            yield sync.postman(made)
    if Role.DISPATCH in roles:
        from cloud.main.roles.dispatch import dispatcher  # noqa: PLC0415 - see above

        yield dispatcher(made)
    if Role.LINK in roles:
        from cloud.main.roles.link import LinkService  # noqa: PLC0415 - see above

        yield LinkService(made, process.access)
