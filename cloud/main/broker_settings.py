"""Settings of the MQTT broker, and of what tables are told of it."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from cloud.link.settings import BrokerNode
from cloud.main.settings_section import Port, Section


def _is_node(text: str) -> str:
    BrokerNode.of(text)
    return text


NodeAddress = Annotated[str, AfterValidator(_is_node)]


class BrokerSettings(Section):
    """The MQTT broker: the embedded one, or another by its address."""

    embedded: bool = Field(default=True, description="run mosquitto as a child of this program")
    host: str = Field(default="127.0.0.1", description="address of the broker")
    port: Port = Field(default=18830, description="TCP port of the broker")
    tls: bool = Field(default=False, description="connect with TLS (not with the embedded one)")
    ca_file: Path | None = Field(default=None, description="private CA of the broker, PEM")
    username: str = Field(default="cloud", description="user of the link at the broker")
    password: SecretStr = Field(
        default=SecretStr(""), description="its password; made up anew for the embedded broker"
    )
    cloud_host: str = Field(
        default="127.0.0.1",
        description="where the embedded broker listens for links in processes of their own",
    )
    cloud_port: Port = Field(default=18831, description="same for the port")
    further: tuple[NodeAddress, ...] = Field(
        default=(), description="host:port of other nodes of the same cluster, tried in turn"
    )
    outside_host: str = Field(
        default="127.0.0.1",
        description="address on which the embedded broker speaks TLS with tables elsewhere",
    )
    tls_port: int = Field(
        default=0, ge=0, le=65535, description="TCP port there for MQTT, usually 8883; 0: none"
    )
    websockets_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="same for MQTT over WebSocket, for sites that let only 443 out; 0: none",
    )
    certificate_file: Path | None = Field(
        default=None, description="certificate with its chain for these two, PEM"
    )
    key_file: Path | None = Field(default=None, description="its key, PEM")
    tables_transport: Literal["tcp", "websockets"] = Field(
        default="tcp", description="how tables speak to the broker that they are told"
    )
    tables_tls: bool | None = Field(
        default=None, description="whether they do so with TLS; unset: as tls, or with tls_port"
    )
    tables_websockets: tuple[NodeAddress, ...] = Field(
        default=(),
        description="host:port of the broker over WebSocket, told to tables as the second way; "
        "empty: websockets_port",
    )
    tables_host: str = Field(default="", description="broker host told to tables; empty: host")
    tables_port: int = Field(default=0, ge=0, le=65535, description="same for the port; 0: port")
    tables_further: tuple[NodeAddress, ...] = Field(
        default=(), description="same for further; empty: further, unless tables_host is set"
    )
    door_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="TCP port where a broker of your own asks who may do what; 0: none",
    )
    door_host: str = Field(
        default="127.0.0.1",
        description="address for that; no TLS, and only brokers should reach it",
    )

    @model_validator(mode="after")
    def _embedded_has_no_tls(self) -> Self:
        if self.embedded and (self.tls or self.ca_file):
            raise ValueError(
                "the embedded broker speaks TLS at tls_port: set that, "
                "or embedded=false for another broker"
            )
        return self

    @model_validator(mode="after")
    def _outside_has_a_certificate(self) -> Self:
        if self.tls_port and not (self.embedded and self.certificate_file and self.key_file):
            raise ValueError(
                "tls_port is of the embedded broker, and needs certificate_file and key_file"
            )
        if self.websockets_port and not self.tls_port:
            raise ValueError("websockets_port is the second way of tables: set tls_port too")
        return self

    @model_validator(mode="after")
    def _embedded_is_one(self) -> Self:
        if self.embedded and (self.further or self.tables_further or self.door_port):
            raise ValueError(
                "further, tables_further and door_port are for a broker of your own: "
                "set embedded=false"
            )
        return self
