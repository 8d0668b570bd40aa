"""Hands one mail to an SMTP server (RFC 5321), over TLS unless the settings say otherwise."""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import SMTPUTF8 as SMTPUTF8_POLICY
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from cloud.mail.errors import MailNotNow, MailOutcomeUnknown, MailRefused, MailServerAway
from cloud.mail.queue import Taken

_PERMANENT = 500
_ACCEPTED = (250, 251)
"""251: and it forwards it."""
_ADDRESS = re.compile(r"\S+@\S+")


class Tls(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    """From the first byte (RFC 8314)."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server that takes our mails."""

    host: str
    port: int
    sender: str
    """Address in From, with or without a name before it."""
    tls: Tls = Tls.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    deadline_s: float = 30.0
    """Longest the server may take for one answer."""


@dataclass(frozen=True, slots=True)
class Written:
    """The words of a mail."""

    subject: str
    text: str = field(repr=False)


class Carrier(Protocol):
    """What takes mails to where they are delivered from."""

    def carry(self, taken: Taken, written: Written, before_data: Callable[[], None]) -> None:
        """Hand a mail over; return once it was accepted.

        Calls ``before_data`` immediately before the other side could have it, and lets its errors
        rise. Raises MailNotNow (MailServerAway where no mail would be taken), MailRefused, or
        MailOutcomeUnknown; each text is a reason to be shown.
        """


class SmtpCarrier:
    """A connection for each mail: they are few."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def carry(self, taken: Taken, written: Written, before_data: Callable[[], None]) -> None:
        """See Carrier."""
        message = compose(self._server.sender, taken, written)
        with self._connected() as smtp:
            body = self._announce(smtp, taken.recipient, message)
            before_data()
            try:
                answer: tuple[int, bytes | str] = smtp.data(body)
            except smtplib.SMTPDataError as error:  # refused before the text
                answer = error.smtp_code, error.smtp_error
            except (smtplib.SMTPException, OSError) as error:
                raise MailOutcomeUnknown(_told(error)) from None
        _require(*answer)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        try:
            smtp = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise MailServerAway(_words(error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerAway(_told(error)) from None
        try:
            yield smtp
        finally:
            with suppress(smtplib.SMTPException, OSError):
                smtp.putcmd("quit")  # its answer changes nothing
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        own_name = _address_of(server.sender).rpartition("@")[2]
        place = (server.host, server.port, own_name)
        smtp = (
            smtplib.SMTP_SSL(*place, timeout=server.deadline_s, context=self._trust())
            if server.tls is Tls.TLS
            else smtplib.SMTP(*place, timeout=server.deadline_s)
        )
        try:
            if server.tls is Tls.STARTTLS:
                smtp.starttls(context=self._trust())
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _trust(self) -> ssl.SSLContext:
        file = self._server.ca_file
        return ssl.create_default_context(cafile=None if file is None else str(file))

    def _announce(self, smtp: smtplib.SMTP, recipient: str, message: EmailMessage) -> bytes:
        """Name sender and recipient; what to send then. Raises MailNotNow, MailRefused."""
        in_ascii = recipient.isascii()
        if not in_ascii and not smtp.has_extn("smtputf8"):
            raise MailRefused("the mail server takes no address with such letters")
        try:
            options = [] if in_ascii else ["SMTPUTF8"]
            _require(*smtp.mail(_address_of(self._server.sender), options))
            _require(*smtp.rcpt(recipient))
        except (smtplib.SMTPException, OSError) as error:
            raise MailNotNow(_told(error)) from None
        return message.as_bytes(policy=SMTP_POLICY if in_ascii else SMTPUTF8_POLICY)


def compose(sender: str, taken: Taken, written: Written) -> EmailMessage:
    """The mail as it travels: the same at each attempt, its Message-ID too.

    Raises MailRefused for an address that cannot stand in a mail.
    """
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = taken.recipient
        message["Subject"] = written.subject
    except ValueError:  # a line break
        raise MailRefused("this address cannot stand in a mail") from None
    if not _ADDRESS.fullmatch(taken.recipient):
        raise MailRefused("this address cannot stand in a mail")
    message["Date"] = format_datetime(taken.created_at)
    message["Message-ID"] = f"<{taken.key}@{_address_of(sender).rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes in return
    message.set_content(written.text)
    return message


def _address_of(sender: str) -> str:
    return parseaddr(sender)[1]


def _require(code: int, words: bytes | str) -> None:
    if code in _ACCEPTED:
        return
    if code >= _PERMANENT:
        raise MailRefused(_words(code, words))
    raise MailNotNow(_words(code, words))


def _words(code: int, words: bytes | str) -> str:
    text = words if isinstance(words, str) else words.decode("ascii", "replace")
    return "".join(one if one.isprintable() else " " for one in f"{code} {text}")


def _told(error: Exception) -> str:
    """The kind of an error that no server told of."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of the mail server is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "the mail server did not answer in time"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server offers no STARTTLS or no sign-in"
    if isinstance(error, smtplib.SMTPResponseException):
        return _words(error.smtp_code, error.smtp_error)
    return f"no connection with the mail server ({type(error).__name__})"
