"""How the processes of the cloud reach the broker, and how their password is kept."""

import secrets
from dataclasses import dataclass

from cloud.link.settings import LinkSettings
from cloud.main.errors import BadSettings
from cloud.main.settings import BrokerSettings


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
        )


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
