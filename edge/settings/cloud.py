"""Settings of the way to the cloud."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edge.settings.section import Section
from edge.uplink.errors import ProxyRefused
from edge.uplink.proxy import proxy_address
from wire.enrolment import BrokerNode
from wire.slices import DEFAULT_SLICE_BYTES, MIN_SLICE_BYTES


def _is_node(text: str) -> str:
    BrokerNode.of(text)
    return text


NodeAddress = Annotated[str, AfterValidator(_is_node)]


def _is_proxy(text: str) -> str:
    try:
        proxy_address(text)
    except ProxyRefused as error:
        raise ValueError(str(error)) from None
    return text


ProxyAddress = Annotated[str, AfterValidator(_is_proxy)]


class UplinkSection(Section):
    """The connection to the cloud."""

    host: str | None = Field(None, description="broker, instead of the one told at enrolment")
    port: int | None = Field(None, ge=1, le=65535, description="its port")
    further: tuple[NodeAddress, ...] | None = Field(
        None, description="host:port of other nodes of the same cluster of brokers, tried in turn"
    )
    tls: bool | None = Field(None, description="whether to speak TLS")
    transport: Literal["tcp", "websockets"] | None = Field(
        None, description="tcp: MQTT as it is; websockets: over WebSocket, as on port 443"
    )
    websockets: tuple[NodeAddress, ...] | None = Field(
        None, description="host:port of the broker over WebSocket, tried where the others fail"
    )
    ca_file: Path | None = Field(None, description="private certificate authority (PEM)")
    proxy: ProxyAddress | None = Field(
        None, description="HTTP proxy for everything, as http://proxy.example.com:3128"
    )
    proxy_credentials_file: Path | None = Field(
        None, description="file with the line user:password for the proxy, not readable by others"
    )
    keepalive_s: int = Field(60, ge=60, le=3600, description="s between pings")
    slice_bytes: int = Field(
        DEFAULT_SLICE_BYTES, ge=MIN_SLICE_BYTES, description="bytes of a photo in one packet"
    )
    health_interval_s: float = Field(60.0, ge=5, description="s between health reports")
    answer_timeout_s: float = Field(
        20.0, gt=0, description="s without an answer after which the table asks again"
    )
    reconnect_longest_s: float = Field(
        60.0, ge=1, description="s between two attempts to connect, at most"
    )
    refused_longest_s: float = Field(
        300.0,
        ge=1,
        description="s between two after the broker refused this table, as while it is disabled",
    )


class EnrolmentSection(Section):
    """Who this table is."""

    server_url: str = Field("", description="address of the cloud, as https://example.com")
    credentials_file: Path = Field(
        Path("/var/lib/packwitness/credentials.json"),
        description="this table's own credentials, readable by its owner alone",
    )
    renew_days: int = Field(
        90, ge=0, description="days after which the table changes its password; 0: never"
    )
