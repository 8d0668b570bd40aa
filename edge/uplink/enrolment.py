"""Getting a table its credentials over HTTPS, with the claim code of its claim sheet."""

import ipaddress
import json
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from edge.uplink.errors import (
    ClaimExpired,
    ClaimRefused,
    ClockBehind,
    EnrolmentError,
    EnrolmentUnreachable,
    NotOurServer,
    UntrustedServer,
)
from wire.enrolment import PATH, EnrolmentAnswer, EnrolmentRequest

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 20.0
_CERTIFICATE_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL
_LONGEST_REASON = 200
_TRY_LATER = frozenset({408, 425, 429})


def enroll(
    server_url: str,
    claim_code: str,
    *,
    ca_file: Path | None = None,
    hardware: str = "",
    software: str = "",
) -> EnrolmentAnswer:
    """Exchange a claim code for this table's credentials. A code works once.

    Raises:
        ClaimRefused: the code is unknown, malformed or used.
        ClaimExpired: the code is too old.
        ClockBehind: the server's certificate is not valid yet.
        EnrolmentUnreachable: no answer, or the server has trouble of its own; try again.
        UntrustedServer: TLS failed, or the address would send the code in clear.
        NotOurServer: something else answered.
    """
    base = _checked(server_url)
    try:
        request = EnrolmentRequest(
            claim_code=SecretStr(claim_code.strip()), hardware=hardware, software=software
        )
    except ValidationError as error:
        raise ClaimRefused("that is no claim code: it has 8 to 80 characters") from error
    return _judge(base, _post(base, request, ca_file))


def _checked(server_url: str) -> str:
    parts = urlsplit(server_url.strip())
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise NotOurServer(f"{server_url!r} is no address; it looks like https://example.com")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise UntrustedServer(
            f"{parts.hostname}: the claim code would travel in clear; use https://"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _post(base: str, request: EnrolmentRequest, ca_file: Path | None) -> "httpx.Response":
    import httpx  # noqa: PLC0415 - a running daemon never enrols, and httpx costs 20 MB there

    headers = {"content-type": "application/json", "accept": "application/json"}
    try:
        with httpx.Client(verify=_tls_context(ca_file), timeout=_TIMEOUT_S) as client:
            return client.post(
                f"{base}{PATH}", content=request.model_dump_json().encode(), headers=headers
            )
    except httpx.InvalidURL as error:
        raise NotOurServer(f"{base!r} is no address: {error}") from error
    except httpx.RemoteProtocolError as error:
        raise NotOurServer(f"{base}: what answered there speaks no HTTP") from error
    except httpx.TransportError as error:
        raise _transport_failure(base, error) from error


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise UntrustedServer(f"ca_file {ca_file} cannot be used: {error}") from error


def _transport_failure(base: str, error: Exception) -> EnrolmentError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code == _CERTIFICATE_NOT_YET_VALID:
                return ClockBehind(f"{base}: its certificate is not valid yet; set the clock")
            return UntrustedServer(f"{base}: certificate refused: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return UntrustedServer(f"{base}: TLS failed: {cause.reason or cause}")
        cause = cause.__cause__ or cause.__context__
    return EnrolmentUnreachable(f"{base} does not answer: {str(error) or type(error).__name__}")


def _judge(base: str, response: "httpx.Response") -> EnrolmentAnswer:
    status, body = response.status_code, _json(response.content)
    ours = isinstance(body, dict)
    if ours and response.is_success:
        return _answer(base, body)
    # refusals of ours are {"error": ..., "text": ...}; a malformed request gives {"detail": ...}
    said = str(body.get("text", ""))[:_LONGEST_REASON] if ours else ""
    if status in _TRY_LATER or status >= 500:
        raise EnrolmentUnreachable(said or f"{base} cannot enrol now (HTTP {status}); try later")
    if ours and ("error" in body or "detail" in body):
        if status == 410 or body.get("error") == "claim-expired":
            raise ClaimExpired(said or "the claim code has expired; print a new claim sheet")
        raise ClaimRefused(said or "the claim code is not accepted")
    raise NotOurServer(f"{base}: what answered there is not Packwitness (HTTP {status})")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _answer(base: str, body: dict[str, Any]) -> EnrolmentAnswer:
    try:
        return EnrolmentAnswer.model_validate(body)
    except ValidationError as error:
        # the input holds the password, so the error's own text is not shown
        raise NotOurServer(f"{base}: the answer is not one of Packwitness") from error
