"""Where an S3 bucket is, and who we are there."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class S3Settings:
    """What the S3 store needs. Keys are in no repr.

    Without keys the usual places of AWS are tried: its environment variables, then the role that
    the machine, container or pod has been given.
    """

    bucket: str
    endpoint: str = ""
    """http(s)://host[:port] of the server, without the bucket; empty: AWS in ``region``."""
    region: str = "us-east-1"
    prefix: str = ""
    """Folders before all keys, for a bucket that others use too: "a/b"."""
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)
    path_style: bool = True
    """Name the bucket in the path of requests, not in their host."""
    ca_file: Path | None = None
    """More certificates to trust, PEM."""
    deadline_s: float = 30.0
    """Longest time for one call to the store, with what is repeated within it."""

    @property
    def server(self) -> str:
        """The server's address, for requests in path style and for people."""
        return self.endpoint.rstrip("/") or f"https://s3.{self.region}.amazonaws.com"

    @property
    def request_endpoint(self) -> str:
        """The address that requests go to, with the bucket in it unless in path style."""
        if self.path_style:
            return self.server
        parts = urlsplit(self.server)
        return urlunsplit(parts._replace(netloc=f"{self.bucket}.{parts.netloc}"))

    @property
    def described(self) -> str:
        """For messages: bucket and server, never a key."""
        return f"the bucket {self.bucket} at {self.server}"
