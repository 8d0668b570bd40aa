"""Enrolment over HTTPS: the body of POST /api/v1/enrolment and its answer."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

PATH = "/api/v1/enrolment"
RENEWAL_PATH = "/api/v1/renewal"

_LAST_PORT = 65535


class EnrolmentRequest(BaseModel):
    """Sent once by a table with the claim code of its claim sheet."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    claim_code: SecretStr = Field(min_length=8, max_length=80)
    hardware: str = Field(default="", max_length=120, description="board and serial, for people")
    software: str = Field(default="", max_length=60)

    @field_serializer("claim_code")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class BrokerNode(BaseModel):
    """One node of a cluster of brokers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int = Field(ge=1, le=65535)

    @classmethod
    def of(cls, text: str) -> Self:
        """Read ``host:port``, with an IPv6 address in brackets.

        Raises:
            ValueError: it is not that.
        """
        host, _, port = text.rpartition(":")
        is_bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if is_bracketed else host
        is_port = port.isascii() and port.isdigit() and 1 <= int(port) <= _LAST_PORT
        if not host or not is_port or (":" in host and not is_bracketed) or host.split() != [host]:
            raise ValueError(f"{text!r} is no address; it looks like mqtt2.example.com:8883")
        return cls(host=host, port=int(port))


class BrokerAddress(BaseModel):
    """Where the table connects to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int = Field(ge=1, le=65535)
    transport: str = Field(default="tcp", pattern="^(tcp|websockets)$")
    tls: bool = False
    further: tuple[BrokerNode, ...] = Field(
        default=(), description="other nodes of the same cluster, tried in turn"
    )
    websockets: tuple[BrokerNode, ...] = Field(
        default=(),
        description="the same brokers over WebSocket (path /mqtt), tried in turn where the others "
        "are not reached",
    )

    @property
    def nodes(self) -> tuple[BrokerNode, ...]:
        """All of them, in the order in which they are tried."""
        return (BrokerNode(host=self.host, port=self.port), *self.further)

    def beginning_at(self, number: int) -> Self:
        """The same cluster, with another of its nodes first (any number will do)."""
        nodes = self.nodes
        first = number % len(nodes)
        turned = nodes[first:] + nodes[:first]
        host, port = turned[0].host, turned[0].port
        return self.model_copy(update={"host": host, "port": port, "further": turned[1:]})


class EnrolmentAnswer(BaseModel):
    """The table's own credentials. The password is shown this once and is not kept in clear."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device_id: str
    partition: int
    table_name: str
    password: SecretStr
    broker: BrokerAddress
    organisation: str = Field(
        default="",
        max_length=80,
        description="names the owner of the table, the same at each enrolment; empty: not known",
    )

    @field_serializer("password")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class RenewalRequest(BaseModel):
    """A table asks how it stands and where its broker is, and may change its password.

    The table makes the new one up and keeps it before it asks, so that a lost answer locks nobody
    out: the same request again, or the new password in the place of the old, is answered alike.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    device_id: str = Field(max_length=40)
    password: SecretStr = Field(max_length=100)
    new_password: SecretStr | None = Field(
        default=None, min_length=32, max_length=100, description="left out: it stays"
    )

    @field_serializer("password", "new_password")
    def _reveal(self, value: SecretStr | None) -> str | None:
        return None if value is None else value.get_secret_value()
