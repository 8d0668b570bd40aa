"""Enrols this table and renews its credentials: asks the cloud and keeps what it answers."""

import platform
import secrets
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from edge.clock import Clock, Moment
from edge.errors import TableError
from edge.settings import TableSettings
from edge.spool.ownership import is_unenrolled, owner_in
from edge.uplink.credentials import Credentials, load_credentials, save_credentials
from edge.uplink.enrolment import enroll, renew
from edge.uplink.errors import CredentialsError, NotOurServer, UplinkError
from edge.uplink.https import Server, proxy_of
from edge.uplink.proxy import Proxy
from edge.version import software_version
from wire.enrolment import EnrolmentAnswer

_MODEL = Path("/proc/device-tree/model")


def enrol_table(
    settings: TableSettings, server_url: str, claim_code: str, clock: Clock
) -> Credentials:
    """Enrol and save. The claim code appears in no message.

    Raises:
        TableError: it did not work; the text says what to do.
    """
    path = settings.enrolment.credentials_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        before = _present(path)
        answer = enroll(
            server_url,
            claim_code,
            ca_file=settings.uplink.ca_file,
            proxy=_proxy(settings),
            hardware=hardware(),
            software=software_version(),
        )
        url = server_url.strip().rstrip("/")
        formerly = earlier_owners(before, answer, url, owner_in(settings.spool.directory))
        return save_credentials(path, _kept(answer, url, formerly, clock.now()))
    except UplinkError as error:
        raise TableError(str(error)) from error
    except OSError as error:
        raise TableError(f"{path.parent}: {error.strerror}") from error


def earlier_owners(
    before: Credentials | None, answer: EnrolmentAnswer, server_url: str, owner: str | None
) -> tuple[str, ...]:
    """Whose proofs on this disk the new device may send without anybody being asked.

    Those of its own earlier devices in the same organisation, and those that were packed here
    before there was any. Photos of one organisation never go to another: that wants a person.
    """
    mine: tuple[str, ...] = ()
    if before is not None and answer.organisation:
        theirs = (before.server_url, before.organisation)
        if theirs == (server_url, answer.organisation):
            mine = (before.device_id, *before.formerly)
    unclaimed = (owner,) if owner is not None and is_unenrolled(owner) else ()
    names = dict.fromkeys((*unclaimed, *mine))
    return tuple(name for name in names if name != answer.device_id)


def renew_table(settings: TableSettings, clock: Clock, *, change_password: bool) -> Credentials:
    """Ask the cloud how this table stands, and save what it says; perhaps with a new password.

    The next password is on the disk before the cloud hears of it, and stays there until its answer
    is too: a power cut in between leaves a table that can repeat the question.

    Raises:
        CredentialsRefused: the cloud does not let this table in any more.
        UplinkError: no answer that helps, or the credentials cannot be used.
    """
    path = settings.enrolment.credentials_file
    who = load_credentials(path)
    url = who.server_url or settings.enrolment.server_url
    if not url:
        raise NotOurServer("where is the cloud? set enrolment.server_url")
    if change_password and who.next_password is None:
        made_up = SecretStr(secrets.token_urlsafe(32))
        who = save_credentials(path, who.model_copy(update={"next_password": made_up}))
    server = Server.at(url, ca_file=settings.uplink.ca_file, proxy=_proxy(settings))
    answer = renew(server, who)
    kept = _kept(answer, url, who.formerly, clock.now())
    if who.next_password is None:
        kept = kept.model_copy(update={"renewed_at": who.renewed_at})
    return save_credentials(path, kept)


def is_renewal_due(who: Credentials, now: Moment, renew_days: int) -> bool:
    """Whether the password has served its time. Never while the clock is not right."""
    if renew_days == 0 or not now.synced or not who.server_url:
        return False
    return who.renewed_at is None or now.wall - who.renewed_at >= timedelta(days=renew_days)


def _kept(answer: EnrolmentAnswer, url: str, formerly: tuple[str, ...], now: Moment) -> Credentials:
    return Credentials(
        **{name: getattr(answer, name) for name in EnrolmentAnswer.model_fields},
        server_url=url,
        formerly=formerly,
        renewed_at=now.wall if now.synced else None,
    )


def _present(path: Path) -> Credentials | None:
    """What cannot be read is replaced like what is not there."""
    try:
        return load_credentials(path)
    except CredentialsError:
        return None


def _proxy(settings: TableSettings) -> Proxy | None:
    return proxy_of(settings.uplink.proxy or "", settings.uplink.proxy_credentials_file)


def hardware() -> str:
    """What this machine is, for people."""
    try:
        model = _MODEL.read_text(encoding="utf-8").rstrip("\0 \n")
    except OSError:
        model = platform.machine()
    return f"{model} ({platform.node()})"[:120]
