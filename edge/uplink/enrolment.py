"""Getting a table its credentials over HTTPS, with the claim code of its sheet, and new ones."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from edge.uplink.credentials import Credentials
from edge.uplink.errors import (
    ClaimExpired,
    ClaimRefused,
    CredentialsRefused,
    EnrolmentUnreachable,
    NotOurServer,
)
from edge.uplink.https import Reply, Server
from edge.uplink.proxy import Proxy
from wire.enrolment import (
    PATH,
    RENEWAL_PATH,
    EnrolmentAnswer,
    EnrolmentRequest,
    RenewalRequest,
)

_LONGEST_REASON = 200
_TRY_LATER = frozenset({408, 425, 429})


def enroll(
    server_url: str,
    claim_code: str,
    *,
    ca_file: Path | None = None,
    proxy: Proxy | None = None,
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
    server = Server.at(server_url, ca_file=ca_file, proxy=proxy)
    try:
        request = EnrolmentRequest(
            claim_code=SecretStr(claim_code.strip()), hardware=hardware, software=software
        )
    except ValidationError as error:
        raise ClaimRefused("that is no claim code: it has 8 to 80 characters") from error
    return _enrolled(server, server.post(PATH, request.model_dump_json()))


def renew(server: Server, who: Credentials) -> EnrolmentAnswer:
    """Ask how this table stands, and make its next password, if it has one, the one that counts.

    Raises:
        CredentialsRefused: the cloud does not let this device in any more.
        ClockBehind, EnrolmentUnreachable, UntrustedServer, NotOurServer: as for ``enroll``.
    """
    request = RenewalRequest(
        device_id=who.device_id, password=who.password, new_password=who.next_password
    )
    reply = server.post(RENEWAL_PATH, request.model_dump_json(exclude_none=True))
    if reply.status == 403 and isinstance(reply.body, dict) and "error" in reply.body:
        said = str(reply.body.get("text", ""))[:_LONGEST_REASON]
        raise CredentialsRefused(said or "the cloud does not let this table in any more")
    return _enrolled(server, reply)


def _enrolled(server: Server, reply: Reply) -> EnrolmentAnswer:
    status, body, base = reply.status, reply.body, server.base
    ours = isinstance(body, dict)
    if ours and 200 <= status < 300:
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


def _answer(base: str, body: dict[str, Any]) -> EnrolmentAnswer:
    try:
        return EnrolmentAnswer.model_validate(body)
    except ValidationError as error:
        # the input holds the password, so the error's own text is not shown
        raise NotOurServer(f"{base}: the answer is not one of Packwitness") from error
