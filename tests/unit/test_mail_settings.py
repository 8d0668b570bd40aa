"""Settings of e-mail: what is whole, and what would give links away."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cloud.mail.retry import pause_after
from cloud.main.errors import BadSettings
from cloud.main.mail_settings import MailSettings

WHOLE = {"host": "mail.example.com", "sender": "Packwitness <pw@example.com>"}


def test_without_a_host_no_mail_is_sent() -> None:
    assert MailSettings().server() is None


def test_the_password_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("se cret\n")
    server = MailSettings.model_validate(WHOLE | {"user": "pw", "password_file": file}).server()
    assert server is not None
    assert (server.password, server.user, server.port) == ("se cret", "pw", 587)
    assert "se cret" not in repr(server)


def test_a_password_that_cannot_be_read_is_said_at_the_start(tmp_path: Path) -> None:
    given = WHOLE | {"user": "pw", "password_file": tmp_path / "none"}
    with pytest.raises(BadSettings, match=r"mail.password_file: .* cannot be read"):
        MailSettings.model_validate(given).server()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"sender": ""}, "sender is missing"),
        ({"sender": "nobody"}, "sender is missing or no address"),
        ({"sender": "a@b\nBcc: c@d"}, "sender is missing or no address"),
        ({"user": "pw"}, "user and password_file belong together"),
        ({"password_file": "/p"}, "user and password_file belong together"),
        ({"tls": "none"}, "for a server on this machine"),
        ({"tls": "none", "host": "10.0.0.7"}, "for a server on this machine"),
        ({"tls": "sometimes"}, "tls"),
    ],
)
def test_what_is_not_whole_is_refused(wrong: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        MailSettings.model_validate(WHOLE | wrong)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_server_on_this_machine_needs_no_tls(host: str) -> None:
    assert MailSettings.model_validate(WHOLE | {"host": host, "tls": "none"}).server() is not None


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_after(attempt).total_seconds() for attempt in range(1, 9)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (30, 3600)
