"""Settings of e-mail."""

from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from cloud.mail.smtp import SmtpServer, Tls
from cloud.main.errors import BadSettings
from cloud.main.settings_section import Port, Section


class MailSettings(Section):
    """The SMTP server that sends invitations, password links and warnings."""

    host: str = Field(default="", description="address of the mail server; empty: no e-mail")
    port: Port = Field(default=587, description="its TCP port: 587 with starttls, 465 with tls")
    tls: Tls = Field(
        default=Tls.STARTTLS,
        description="starttls, tls (from the first byte) or none (on this machine only)",
    )
    user: str = Field(default="", description="user at the mail server; empty: without sign-in")
    password_file: Path | None = Field(
        default=None, description="file with the password of the user, and nothing else"
    )
    sender: str = Field(
        default="", description="address that mails come from, such as Packwitness <pw@example.com>"
    )
    ca_file: Path | None = Field(default=None, description="private CA of the mail server, PEM")
    deadline_s: float = Field(
        default=30.0, ge=1, le=60, description="longest the mail server may take for an answer, s"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.host:
            return self
        name, at, domain = parseaddr(self.sender)[1].rpartition("@")
        if not (name and at and domain) or not self.sender.isprintable():
            raise ValueError("sender is missing or no address; it looks like pw@example.com")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file belong together: set both")
        if self.tls is Tls.NONE and not _is_this_machine(self.host):
            raise ValueError(
                "mails hold links that sign people in: tls = none is for a server on this machine"
            )
        return self

    def server(self) -> SmtpServer | None:
        """The same for the carrier; None: no e-mail. Raises BadSettings."""
        if not self.host:
            return None
        return SmtpServer(
            host=self.host,
            port=self.port,
            sender=self.sender,
            tls=self.tls,
            user=self.user,
            password=_password(self.password_file),
            ca_file=self.ca_file,
            deadline_s=self.deadline_s,
        )


def _password(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # Without a cause: it may quote the file.
        raise BadSettings(
            f"mail.password_file: {file} cannot be read ({type(error).__name__})"
        ) from None


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
