"""How the processes of the cloud reach the broker, and how their password is kept."""

import secrets
from dataclasses import dataclass

from cloud.fleet.enrolment import BrokerAddress
from cloud.link.settings import BrokerNode, LinkSettings
from cloud.main.broker_settings import BrokerSettings
from cloud.main.errors import BadSettings


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """The cloud's own access to the broker, the same for all of its processes."""

    settings: BrokerSettings
    password: str
    shared: bool
    """Several processes connect at once, each with a client id of its own."""

    def for_link(self) -> LinkSettings:
        """Of this process's link. The embedded broker has an address of its own for these."""
        broker = self.settings
        is_second = self.shared and broker.embedded
        return LinkSettings(
            host=broker.cloud_host if is_second else broker.host,
            port=broker.cloud_port if is_second else broker.port,
            username=broker.username,
            password=self.password,
            client_id=f"{broker.username}-{secrets.token_hex(8)}" if self.shared else "",
            tls=broker.tls,
            ca_file=broker.ca_file,
            further=nodes(broker.further),
        )

    def as_tables_do(self) -> LinkSettings:
        """Of a trial connection with the credentials of a table."""
        broker = self.settings
        return LinkSettings(
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=self.password,
            tls=broker.tls,
            ca_file=broker.ca_file,
            further=nodes(broker.further),
        )

    def for_tables(self) -> BrokerAddress:
        """What tables are told."""
        broker = self.settings
        further = broker.tables_further or (() if broker.tables_host else broker.further)
        host = broker.tables_host or (broker.outside_host if broker.tls_port else broker.host)
        second = broker.tables_websockets
        if broker.websockets_port and not second:
            second = (f"{f'[{host}]' if ':' in host else host}:{broker.websockets_port}",)
        is_tls = broker.tls or bool(broker.tls_port)
        return BrokerAddress(
            host=host,
            port=broker.tables_port or broker.tls_port or broker.port,
            transport=broker.tables_transport,
            tls=is_tls if broker.tables_tls is None else broker.tables_tls,
            further=nodes(further),
            websockets=nodes(second),
        )


def nodes(addresses: tuple[str, ...]) -> tuple[BrokerNode, ...]:
    """Addresses of the settings, read."""
    return tuple(BrokerNode.of(one) for one in addresses)


def access_of_one_process(settings: BrokerSettings) -> BrokerAccess:
    """The embedded broker's password is made up anew unless it is set."""
    password = settings.password.get_secret_value()
    if settings.embedded:
        password = password or secrets.token_urlsafe(32)
    return BrokerAccess(settings, password, shared=False)


def access_of_many(settings: BrokerSettings) -> BrokerAccess:
    """The same for processes that start apart, and so must be told the password.

    Raises:
        BadSettings: there is none.
    """
    password = settings.password.get_secret_value()
    if not password:
        raise BadSettings(
            "setting broker.password is empty: processes of their own need one that all of them "
            "know (PACKWITNESS_CLOUD_BROKER__PASSWORD)"
        )
    return BrokerAccess(settings, password, shared=True)
