"""Mails reach a real SMTP server once, or end with a reason."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.mail.models import Mail, MailState
from cloud.mail.posting import MailRoom, NewMail
from cloud.mail.postman import Postman
from cloud.mail.queue import LEASE, begin_handing_over, close_after_restoring, end, take
from cloud.mail.smtp import SmtpCarrier, SmtpServer, Tls, Written
from tests.database_rows import add_organisation, only_sqlite
from tests.support.certificates import Authority
from tests.support.smtp_server import DROP, MailServer, mail_server
from tests.support.waiting import eventually

TEST = system("test")
SECRET = "the-secret-of-a-link"
TO = "manager@demo.test"


class Office:
    """A postman with all around him."""

    def __init__(self, database: Database, folder: Path, server: SmtpServer) -> None:
        self.database = database
        self.box = SecretBox(folder / "sealing.key")
        self.deaths: list[BaseException] = []
        self.organisation_id = database.write(add_organisation("Demo"), TEST)
        self.postman = self.another(server)

    def another(self, server: SmtpServer) -> Postman:
        carrier = SmtpCarrier(server)
        return Postman(self.database, self.box, carrier, words, self.deaths.append)

    def post(self, to: str = TO, useful_for: timedelta = timedelta(hours=1)) -> None:
        new = NewMail("test", to, "en", {"code": SECRET}, useful_for)
        rooms = MailRoom(self.box, is_open=True)
        self.database.write(lambda session: rooms.post(session, self.organisation_id, new), TEST)

    def row(self) -> Mail:
        with self.database.read(TEST) as session:
            return session.scalars(select(Mail)).one()

    def change(self, **values: object) -> None:
        def unit(session: Session) -> None:
            session.execute(update(Mail).values(**values))

        self.database.write(unit, TEST)

    def send(self) -> None:
        """All that waits, whenever it is due."""
        self.change(due_at=utc_now() - timedelta(seconds=1))
        self.postman.send_due()


def words(kind: str, language: str, facts: Mapping[str, str]) -> Written:
    if kind != "test":
        raise KeyError(kind)
    return Written("Größe 你好", f"Open it with {facts['code']}\n.\nA line with a dot above\n")


def plain(server: MailServer) -> SmtpServer:
    sender = "Packwitness <pw@demo.test>"
    return SmtpServer("127.0.0.1", server.port, sender, tls=Tls.NONE, deadline_s=20)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def office(database: Database, tmp_path: Path, server: MailServer) -> Office:
    return Office(database, tmp_path, plain(server))


def test_a_mail_arrives_once_and_its_secret_is_forgotten(
    office: Office, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    office.post()
    sealed = office.row().sealed_facts
    assert sealed is not None
    assert SECRET.encode() not in sealed
    with caplog.at_level(logging.DEBUG):
        office.send()
        office.send()
    (mail,) = server.mails
    assert mail.recipient == TO
    assert "<pw@demo.test>" in mail.sender
    assert mail.message["Subject"] == "Größe 你好"
    assert mail.message["Message-ID"] == f"<{office.row().key}@demo.test>"
    assert mail.text.splitlines() == [f"Open it with {SECRET}", ".", "A line with a dot above"]
    row = office.row()
    assert (row.state, row.sealed_facts, row.reason) == (MailState.SENT, None, "")
    logged = "\n".join(f"{one.getMessage()} {one.__dict__}" for one in caplog.records)
    assert SECRET not in logged
    assert TO not in logged


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL", "451 4.3.0 later"),
        ("RCPT", "450 4.2.1 later"),
        ("DATA", "421 4.3.2 later"),
        ("TEXT", "452 4.3.1 later"),
        ("MAIL", DROP),
        ("RCPT", DROP),
    ],
)
@only_sqlite
def test_what_is_not_taken_now_is_tried_again(
    office: Office, server: MailServer, command: str, answer: str
) -> None:
    office.post()
    server.fail_next(command, answer)
    office.send()
    row = office.row()
    assert (row.state, row.attempts) == (MailState.WAITING, 1)
    assert row.due_at > utc_now()
    assert row.reason
    office.send()
    assert len(server.mails) == 1
    assert office.row().state == MailState.SENT


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL", "550 5.7.1 sender unknown"),
        ("RCPT", "550 5.1.1 no such user"),
        ("DATA", "554 5.5.1 no"),
        ("TEXT", "554 5.7.1 looks like spam"),
    ],
)
@only_sqlite
def test_what_is_refused_for_good_ends_with_the_servers_words(
    office: Office, server: MailServer, command: str, answer: str
) -> None:
    office.post()
    server.fail_next(command, answer)
    office.send()
    office.send()
    row = office.row()
    assert (row.state, row.reason, row.sealed_facts) == (MailState.FAILED, answer, None)
    assert row.ended_at is not None
    assert server.mails == []


def test_a_connection_lost_with_the_text_on_its_way_ends_as_unknown(
    office: Office, server: MailServer
) -> None:
    """It may have arrived: nothing twice."""
    office.post()
    server.fail_next("TEXT", DROP)
    office.send()
    office.send()
    assert office.row().state == MailState.UNKNOWN
    assert (server.taken_without_answer, server.mails) == (1, [])


@only_sqlite
def test_a_server_that_is_away_lets_all_mails_wait(database: Database, tmp_path: Path) -> None:
    with mail_server() as server:
        address = plain(server)
    office = Office(database, tmp_path, address)
    office.post()
    office.change(due_at=utc_now() - timedelta(seconds=1))
    assert not office.postman.send_due()
    row = office.row()
    assert (row.state, row.attempts) == (MailState.WAITING, 1)
    assert "no connection with the mail server" in row.reason


@only_sqlite
def test_a_mail_that_would_come_too_late_is_not_sent(office: Office, server: MailServer) -> None:
    office.post(useful_for=timedelta(seconds=-1))
    office.send()
    assert (office.row().state, office.row().reason) == (MailState.FAILED, "too-late")
    assert server.mails == []


@pytest.mark.parametrize("to", ["a b@demo.test", "nobody", "a@demo.test\nBcc: b@demo.test"])
@only_sqlite
def test_an_address_that_is_none_ends_it(office: Office, server: MailServer, to: str) -> None:
    office.post(to)
    office.send()
    assert office.row().state == MailState.FAILED
    assert server.mails == []


@only_sqlite
def test_other_letters_in_an_address_need_a_server_that_takes_them(
    office: Office, server: MailServer
) -> None:
    office.post("größe@demo.test")
    office.send()
    assert office.row().state == MailState.FAILED
    assert "no address with such letters" in office.row().reason


def test_a_process_that_died_before_the_text_lets_it_be_sent_again(
    office: Office, server: MailServer
) -> None:
    office.post()
    taken = office.database.write(take, TEST)
    assert taken is not None
    office.send()
    assert server.mails == []  # it may still be at work
    office.change(lease_until=utc_now() - LEASE)
    office.send()
    assert len(server.mails) == 1
    # The first one wakes, and finds that the mail is not its own any more.
    assert not office.database.write(lambda session: begin_handing_over(session, taken), TEST)
    office.database.write(lambda session: end(session, taken, MailState.FAILED), TEST)
    assert office.row().state == MailState.SENT


def test_a_process_that_died_with_the_text_on_its_way_sends_nothing_twice(
    office: Office, server: MailServer
) -> None:
    office.post()
    taken = office.database.write(take, TEST)
    assert taken is not None
    assert office.database.write(lambda session: begin_handing_over(session, taken), TEST)
    office.change(lease_until=utc_now() - LEASE)
    office.send()
    assert (office.row().state, server.mails) == (MailState.UNKNOWN, [])


def test_nothing_of_a_backup_is_sent_again(office: Office, server: MailServer) -> None:
    office.post()
    office.database.write(lambda session: close_after_restoring(session, utc_now()), TEST)
    office.send()
    assert (office.row().state, server.mails) == (MailState.UNKNOWN, [])


@only_sqlite
def test_the_thread_sends_what_is_posted_while_it_runs(office: Office, server: MailServer) -> None:
    office.postman.start()
    try:
        office.post()
        eventually(lambda: server.mails)
        eventually(lambda: office.row().state == MailState.SENT)
    finally:
        office.postman.stop()
    assert office.deaths == []


@only_sqlite
def test_a_closed_room_takes_nothing(office: Office) -> None:
    rooms = MailRoom(office.box, is_open=False)
    new = NewMail("test", TO, "en", {}, timedelta(hours=1))
    office.database.write(lambda session: rooms.post(session, office.organisation_id, new), TEST)
    with office.database.read(TEST) as session:
        assert session.scalars(select(Mail)).all() == []


@pytest.mark.parametrize("mode", [Tls.STARTTLS, Tls.TLS])
@only_sqlite
def test_over_tls_with_a_sign_in(database: Database, tmp_path: Path, mode: Tls) -> None:
    authority = Authority(tmp_path / "ca.pem")
    tls = authority.certificate(tmp_path, datetime.now(UTC) - timedelta(days=1), "localhost")
    with mail_server(tls=tls, implicit=mode is Tls.TLS, user="pw", password="good") as server:

        def address(password: str, ca_file: Path | None) -> SmtpServer:
            return SmtpServer(
                "localhost", server.port, "pw@demo.test", mode, "pw", password, ca_file, 20
            )

        office = Office(database, tmp_path, address("good", authority.file))
        office.post()
        for wrong, reason in (
            (address("bad", authority.file), "535"),
            (address("good", None), "not trusted"),
        ):
            office.change(due_at=utc_now() - timedelta(seconds=1))
            assert not office.another(wrong).send_due()
            assert reason in office.row().reason
            assert office.row().state == MailState.WAITING
        office.send()
    (mail,) = server.mails
    assert (mail.over_tls, mail.user) == (True, "pw")
    assert "good" not in repr(address("good", None))


@only_sqlite
def test_without_starttls_nothing_is_said_in_clear(
    database: Database, tmp_path: Path, server: MailServer
) -> None:
    office = Office(
        database, tmp_path, SmtpServer("127.0.0.1", server.port, "pw@demo.test", deadline_s=20)
    )
    office.post()
    office.change(due_at=utc_now() - timedelta(seconds=1))
    assert not office.postman.send_due()
    assert "STARTTLS" in office.row().reason
    assert server.mails == []
