"""Settings of the way to the cloud."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from edge.settings.section import Section
from wire.enrolment import BrokerNode
from wire.slices import DEFAULT_SLICE_BYTES, MIN_SLICE_BYTES


def _is_node(text: str) -> str:
    BrokerNode.of(text)
    return text


NodeAddress = Annotated[str, AfterValidator(_is_node)]


class UplinkSection(Section):
    """The connection to the cloud."""

    host: str | None = Field(None, description="broker, instead of the one told at enrolment")
    port: int | None = Field(None, ge=1, le=65535, description="its port")
    further: tuple[NodeAddress, ...] | None = Field(
        None, description="host:port of other nodes of the same cluster of brokers, tried in turn"
    )
    tls: bool | None = Field(None, description="whether to speak TLS")
    ca_file: Path | None = Field(None, description="private certificate authority (PEM)")
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


class EnrolmentSection(Section):
    """Who this table is."""

    server_url: str = Field("", description="address of the cloud, as https://example.com")
    credentials_file: Path = Field(
        Path("/var/lib/packwitness/credentials.json"),
        description="this table's own credentials, readable by its owner alone",
    )
