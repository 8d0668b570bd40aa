"""Sealing all tokens and keys again under the newest key, after a rotation."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.code_models import VerificationCode
from cloud.accounts.codes import bound_to as bound_to_code
from cloud.database.errors import SecretError
from cloud.database.scope import system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.fleet.badges import bound_to as bound_to_badge
from cloud.fleet.models import Badge
from cloud.mail.models import Mail
from cloud.mail.posting import bound_to as bound_to_mail
from cloud.shops.models import AppCredential, Authorization
from cloud.shops.service import bound_to, bound_to_push_key

logger = logging.getLogger(__name__)

_EVERYBODY = system("sealing under a new key")
_Reseal = Callable[[Session, SecretBox, int], int]


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was done: values sealed anew, and rows whose values do not open."""

    values: int
    damaged: int


def reseal_all(database: Database, box: SecretBox) -> Resealed:
    """Seal anew what an older key sealed; safe to repeat, also beside a running cloud.

    What does not open stays as it is. Raises DatabaseError.
    """
    values = damaged = 0
    for model, reseal in _RESEALED:
        with database.read(_EVERYBODY) as session:
            ids = session.scalars(select(model.id).order_by(model.id)).all()
        for row_id in ids:
            try:
                values += _one(database, box, reseal, row_id)
            except SecretError:
                logger.exception("it does not open", extra={"row": f"{model.__name__} {row_id}"})
                damaged += 1
    return Resealed(values, damaged)


def _one(database: Database, box: SecretBox, reseal: _Reseal, row_id: int) -> int:
    return database.write(lambda session: reseal(session, box, row_id), _EVERYBODY)


def _reseal_app(session: Session, box: SecretBox, row_id: int) -> int:
    row = session.get_one(AppCredential, row_id, with_for_update=True)
    count = 0
    if box.needs_resealing(row.sealed_key):
        where = bound_to("app_credentials", row.id)
        row.sealed_key = box.seal(box.open(row.sealed_key, where), where)
        count += 1
    if row.sealed_push_key and box.needs_resealing(row.sealed_push_key):
        where = bound_to_push_key(row.id)
        row.sealed_push_key = box.seal(box.open(row.sealed_push_key, where), where)
        count += 1
    return count


def _reseal_authorization(session: Session, box: SecretBox, row_id: int) -> int:
    row = session.get_one(Authorization, row_id, with_for_update=True)
    count = 0
    if row.sealed_access_token and box.needs_resealing(row.sealed_access_token):
        where = bound_to("authorizations.access", row.id)
        row.sealed_access_token = box.seal(box.open(row.sealed_access_token, where), where)
        count += 1
    if row.sealed_refresh_token and box.needs_resealing(row.sealed_refresh_token):
        where = bound_to("authorizations.refresh", row.id)
        row.sealed_refresh_token = box.seal(box.open(row.sealed_refresh_token, where), where)
        count += 1
    return count


def _reseal_mail(session: Session, box: SecretBox, row_id: int) -> int:
    row = session.get_one(Mail, row_id, with_for_update=True)
    if row.sealed_facts is None or not box.needs_resealing(row.sealed_facts):
        return 0
    where = bound_to_mail(row.key)
    row.sealed_facts = box.seal(box.open(row.sealed_facts, where), where)
    return 1


def _reseal_code(session: Session, box: SecretBox, row_id: int) -> int:
    row = session.get_one(VerificationCode, row_id, with_for_update=True)
    if not box.needs_resealing(row.sealed_secret):
        return 0
    where = bound_to_code(row.member_id)
    row.sealed_secret = box.seal(box.open(row.sealed_secret, where), where)
    return 1


def _reseal_badge(session: Session, box: SecretBox, row_id: int) -> int:
    row = session.get_one(Badge, row_id, with_for_update=True)
    if row.sealed_code is None or not box.needs_resealing(row.sealed_code):
        return 0
    where = bound_to_badge(row.mark)
    row.sealed_code = box.seal(box.open(row.sealed_code, where), where)
    return 1


_Sealed = AppCredential | Authorization | Badge | Mail | VerificationCode
_RESEALED: tuple[tuple[type[_Sealed], _Reseal], ...] = (
    (AppCredential, _reseal_app),
    (Authorization, _reseal_authorization),
    (Mail, _reseal_mail),
    (VerificationCode, _reseal_code),
    (Badge, _reseal_badge),
)
