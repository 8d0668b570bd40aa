"""One request to the cloud over HTTPS, straight or through a proxy, and why there was no answer."""

import ipaddress
import json
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge.uplink.errors import (
    ClockBehind,
    EnrolmentError,
    EnrolmentUnreachable,
    NotOurServer,
    ProxyRefused,
    UntrustedServer,
)
from edge.uplink.proxy import Proxy, refusal

_TIMEOUT_S: Final = 20.0
_CERTIFICATE_NOT_YET_VALID: Final = 9  # X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL
_STATUS_FIRST: Final = re.compile(r"([1-5][0-9]{2})\b")
_HEADERS: Final = {"content-type": "application/json", "accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What answered."""

    status: int
    body: Any
    """Parsed JSON; None if it is none."""


@dataclass(frozen=True, slots=True)
class Server:
    """The cloud's address, and the way there. Make it by ``at``."""

    base: str
    ca_file: Path | None = None
    """Private certificate authority; None means the system's."""
    proxy: Proxy | None = None

    @classmethod
    def at(
        cls, server_url: str, *, ca_file: Path | None = None, proxy: Proxy | None = None
    ) -> "Server":
        """The server of that address; one on this machine is asked without a proxy.

        Raises:
            NotOurServer: it is no address.
            UntrustedServer: a secret would travel in clear.
        """
        parts = urlsplit(server_url.strip())
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise NotOurServer(f"{server_url!r} is no address; it looks like https://example.com")
        is_here = _is_loopback(parts.hostname)
        if parts.scheme == "http" and not is_here:
            raise UntrustedServer(
                f"{parts.hostname}: the claim code would travel in clear; use https://"
            )
        base = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        return cls(base, ca_file, None if is_here and parts.scheme == "http" else proxy)

    def post(self, path: str, content: str) -> Reply:
        """Send JSON.

        Raises:
            ClockBehind: the server's certificate is not valid yet.
            EnrolmentUnreachable: no answer.
            UntrustedServer: TLS failed.
            NotOurServer: no HTTP, or the address is none.
        """
        import httpx  # noqa: PLC0415 - it costs 20 MB, and most starts of the daemon need none of it

        try:
            with httpx.Client(
                verify=_tls_context(self.ca_file),
                timeout=_TIMEOUT_S,
                proxy=_httpx_proxy(self.proxy),
                trust_env=False,  # the settings say how the cloud is reached, and nothing else does
            ) as client:
                response = client.post(f"{self.base}{path}", content=content, headers=_HEADERS)
        except httpx.InvalidURL as error:
            raise NotOurServer(f"{self.base!r} is no address: {error}") from error
        except httpx.ProxyError as error:
            raise EnrolmentUnreachable(self._proxy_failure(str(error))) from error
        except httpx.RemoteProtocolError as error:
            raise NotOurServer(f"{self.base}: what answered there speaks no HTTP") from error
        except httpx.TransportError as error:
            raise self._failure(error) from error
        return Reply(response.status_code, _json(response.content))

    def _proxy_failure(self, said: str) -> str:
        status = _STATUS_FIRST.match(said)
        if self.proxy is None or status is None:
            return f"{self.base} does not answer: {said}"
        return refusal(self.proxy, self.base, int(status[1]))

    def _failure(self, error: Exception) -> EnrolmentError:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                if cause.verify_code == _CERTIFICATE_NOT_YET_VALID:
                    return ClockBehind(
                        f"{self.base}: its certificate is not valid yet; set the clock"
                    )
                return UntrustedServer(f"{self.base}: certificate refused: {cause.verify_message}")
            if isinstance(cause, ssl.SSLError):
                return UntrustedServer(f"{self.base}: TLS failed: {cause.reason or cause}")
            cause = cause.__cause__ or cause.__context__
        way = f" through the proxy {self.proxy.host}:{self.proxy.port}" if self.proxy else ""
        said = str(error) or type(error).__name__
        return EnrolmentUnreachable(f"{self.base} does not answer{way}: {said}")


def proxy_of(url: str, credentials_file: Path | None) -> Proxy | None:
    """The proxy of the settings, if there is one.

    Raises:
        EnrolmentUnreachable: its credentials cannot be read.
    """
    try:
        return Proxy.read(url, credentials_file) if url else None
    except ProxyRefused as error:
        raise EnrolmentUnreachable(str(error)) from error


def _httpx_proxy(proxy: Proxy | None) -> Any:
    import httpx  # noqa: PLC0415 - as above

    if proxy is None:
        return None
    return httpx.Proxy(proxy.url, auth=(proxy.user, proxy.password) if proxy.user else None)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise UntrustedServer(f"ca_file {ca_file} cannot be used: {error}") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
