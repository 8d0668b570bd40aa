"""``packwitness-cloud organisation ...``: what an organisation may use."""

import json
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.scope import scoped
from cloud.main.command_line import organisation_id, say, with_basics
from cloud.main.opening import Basics

organisation_app = typer.Typer(no_args_is_help=True, help="What the organisation may use.")


class OnOff(StrEnum):
    """A switch on the command line."""

    ON = "on"
    OFF = "off"


@organisation_app.command("webcam-sending")
def webcam_sending(
    wanted: Annotated[OnOff, typer.Argument(help="on or off")],
) -> None:
    """Let photos of the browser's webcam be sent to buyers, or only be saved. On by default.

    Without it, Marketplace Platform Chat shows that switch as not usable, and says why.
    """

    def work(made: Basics) -> None:
        own = organisation_id(made)

        def unit(session: Session) -> None:
            session.get_one(Organisation, own).webcam_entitled = wanted is OnOff.ON

        made.database.write(unit, scoped(own))

    with_basics(work)
    say(json.dumps({"webcam_sending": wanted}))
