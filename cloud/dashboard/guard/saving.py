"""Keeping what somebody switched, with what follows from it."""

import logging
from collections.abc import Mapping

from sqlalchemy.orm import Session

from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.proofs.platforms import Switch
from cloud.proofs.switches import put_switches

logger = logging.getLogger(__name__)


def save_switches(
    database: Database, visitor: Visitor, wanted: Mapping[Switch, bool]
) -> list[Switch]:
    """Put the switches, and give those that changed.

    What is queued of a platform that is off from now on is saved when its turn comes.
    """
    now, member_id = utc_now(), visitor.who.member_id

    def unit(session: Session) -> list[Switch]:
        return put_switches(session, wanted, member_id=member_id, now=now)

    changed = database.write(unit, visitor.scope)
    for switch in changed:
        word = "on" if wanted[switch] else "off"
        logger.info("ParcelGuard: %s switched %s", switch, word, extra={"member": member_id})
    return changed
