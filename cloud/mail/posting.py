"""Posting a mail: a row in the transaction of the deed. Nothing waits for the server."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.database.secrets import SecretBox
from cloud.mail.models import Mail, MailState


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be written and sent."""

    kind: str
    """Names its text."""
    recipient: str
    language: str
    facts: Mapping[str, str] = field(repr=False)
    """What its text is made from; a link with a secret among it."""
    useful_for: timedelta


class MailRoom:
    """Where mails are posted, if this installation sends any."""

    def __init__(self, box: SecretBox, *, is_open: bool) -> None:
        self._box = box
        self.is_open = is_open
        """Whether mails are sent at all. Pages ask this, and offer another way without."""

    def post(self, session: Session, organisation_id: int, new: NewMail) -> None:
        """Let a mail be sent once the transaction is committed (any session).

        Where no mail is sent, nothing is written.
        """
        if not self.is_open:
            return
        key, now = secrets.token_hex(16), database_now(session)
        facts = json.dumps(dict(new.facts)).encode()
        session.add(
            Mail(
                organisation_id=organisation_id,
                key=key,
                kind=new.kind,
                recipient=new.recipient,
                language=new.language,
                sealed_facts=self._box.seal(facts, bound_to(key)),
                state=MailState.WAITING,
                due_at=now,
                useful_until=now + new.useful_for,
                created_at=now,
            )
        )


def bound_to(key: str) -> str:
    """What the sealed facts of a mail are bound to."""
    return f"mails.facts:{key}"
