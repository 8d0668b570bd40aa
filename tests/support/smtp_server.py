"""A mail server on a real socket, which keeps what it is given and can be told to fail."""

import base64
import socketserver
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import cast

from tests.support.mosquitto import ServerTls

DROP = "drop"
"""Instead of an answer: close the connection."""


@dataclass
class Received:
    """A mail that was accepted."""

    sender: str
    recipient: str
    message: EmailMessage
    over_tls: bool
    user: str

    @property
    def text(self) -> str:
        return str(self.message.get_content())


@dataclass
class MailServer:
    """What tests see and steer."""

    tls: ServerTls | None = None
    implicit: bool = False
    user: str = ""
    password: str = ""
    port: int = 0
    mails: list[Received] = field(default_factory=list)
    answers: dict[str, deque[str]] = field(default_factory=dict)
    """Next answers by command (MAIL, RCPT, DATA, and TEXT for what follows the text)."""
    taken_without_answer: int = 0

    def fail_next(self, command: str, *answers: str) -> None:
        self.answers.setdefault(command, deque()).extend(answers)

    def context(self) -> ssl.SSLContext:
        assert self.tls is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls.certificate, self.tls.key)
        return context


class _Session(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        self._rules = cast("_Listener", self.server).rules
        self._secure = False
        self._signed_in = ""
        self._sender = self._recipient = ""
        if self._rules.implicit:
            self._protect()
        self._say("220 test")
        while line := self.rfile.readline():
            if not self._obey(line.decode().strip()):
                return

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # of TLS, which the listener does not know

    def _obey(self, line: str) -> bool:
        command = line.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].upper()
        scripted = self._rules.answers.get(command)
        if scripted:
            return self._answer(scripted.popleft())
        match command:
            case "EHLO":
                self._greet()
            case "STARTTLS":
                self._say("220 go on")
                self._protect()
            case "AUTH":
                self._sign_in(line.split(" ")[2])
            case "MAIL":
                wants = bool(self._rules.user) and not self._signed_in
                self._sender = line
                self._say("530 sign in first" if wants else "250 ok")
            case "RCPT":
                self._recipient = line[line.index("<") + 1 : line.index(">")]
                self._say("250 ok")
            case "DATA":
                return self._take()
            case "QUIT":
                return False
            case _:
                self._say("502 unknown")
        return True

    def _answer(self, scripted: str) -> bool:
        if scripted == DROP:
            return False
        self._say(scripted)
        return True

    def _greet(self) -> None:
        can_protect = self._rules.tls is not None and not self._secure
        self._say("250-test")
        if can_protect:
            self._say("250-STARTTLS")
        self._say("250 AUTH PLAIN" if self._rules.user else "250 SIZE 1000000")

    def _sign_in(self, given: str) -> None:
        _, user, password = base64.b64decode(given).decode().split("\0")
        good = (user, password) == (self._rules.user, self._rules.password)
        self._signed_in = user if good else ""
        self._say("235 welcome" if good else "535 5.7.8 wrong")

    def _take(self) -> bool:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        scripted = self._rules.answers.get("TEXT")
        if scripted:
            self._rules.taken_without_answer += 1
            return self._answer(scripted.popleft())
        message = message_from_bytes(b"".join(lines), policy=modern)
        self._rules.mails.append(
            Received(self._sender, self._recipient, message, self._secure, self._signed_in)
        )
        self._say("250 taken")
        return True

    def _protect(self) -> None:
        self.rfile.close()
        self.connection = self._rules.context().wrap_socket(
            self.connection, server_side=True, do_handshake_on_connect=False
        )
        self.connection.do_handshake()
        self.rfile = self.connection.makefile("rb")
        self._secure = True

    def _say(self, line: str) -> None:
        self.connection.sendall(f"{line}\r\n".encode())


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    rules: MailServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or does not trust us, is what some tests are about."""


@contextmanager
def mail_server(
    *, tls: ServerTls | None = None, implicit: bool = False, user: str = "", password: str = ""
) -> Iterator[MailServer]:
    """A server on a free port of loopback."""
    rules = MailServer(tls, implicit, user, password)
    with _Listener(("127.0.0.1", 0), _Session) as listener:
        listener.rules = rules
        rules.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield rules
        finally:
            listener.shutdown()
            thread.join()
