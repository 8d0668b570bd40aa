"""What a cloud needs before its first start: an organisation, shops, tables that may enrol."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from cloud.accounts.passwords import hash_password, new_password
from cloud.accounts.service import create_organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.fleet.service import create_table, issue_claim, new_claim_code
from cloud.main.connecting import Connection, connect
from cloud.main.opening import Basics, basics
from cloud.main.settings import CloudSettings
from launcher.evidence import PRESET
from launcher.marketplace import PARTNER_ID, PARTNER_KEY
from tests.soak.plan import FIRST_SHOP

_TOKEN_LIFE_S = 30 * 86_400
_SENDS_PER_SECOND = 50


def shop_ids(shops: int) -> list[int]:
    """The shops of a plan."""
    return [FIRST_SHOP + place for place in range(shops)]


def write_seed(file: Path, shops: int) -> None:
    """What the marketplace holds at first: the app and its shops; orders come as they are made."""
    seed = {
        "apps": [{"partner_id": PARTNER_ID, "partner_key": PARTNER_KEY}],
        "shops": [
            {"shop_id": one, "shop_name": f"Shop {one}", "tokens": [_tokens(one)]}
            for one in shop_ids(shops)
        ],
        # The real one refuses a text or picture that the chat just got. Here it does not: else it
        # would hide that we sent something twice.
        "limits": {"repeat_types": []},
    }
    file.write_text(json.dumps(seed), encoding="utf-8")


def _tokens(shop_id: int) -> dict[str, Any]:
    return {
        "partner_id": PARTNER_ID,
        "access_token": f"access-of-{shop_id}",
        "refresh_token": f"refresh-of-{shop_id}",
        "access_life_s": _TOKEN_LIFE_S,
    }


def set_up_cloud(
    settings: CloudSettings, marketplace: str, shops: int, tables: Sequence[str]
) -> list[str]:
    """Make the database, connect the shops, and give a claim code for each table."""
    with basics(settings) as made:
        organisation_id = _organisation(made)
        for one in shop_ids(shops):
            connect(made, _connection(one, marketplace), organisation_id)
        return [_claim(made, organisation_id, name) for name in tables]


def _organisation(made: Basics) -> int:
    password = hash_password(new_password())
    return made.database.write(
        lambda session: (
            create_organisation(session, "Soak", "owner@localhost", password, utc_now()).id
        ),
        system("the first organisation"),
    )


def _claim(made: Basics, organisation_id: int, name: str) -> str:
    code, now = new_claim_code(), utc_now()
    made.database.write(
        lambda session: issue_claim(session, create_table(session, name, now).id, code, now).id,
        scoped(organisation_id),
    )
    return code


def _connection(shop_id: int, marketplace: str) -> Connection:
    tokens = _tokens(shop_id)
    return Connection(
        channel="shopee",
        country="MY",
        shop_id=str(shop_id),
        name=f"Shop {shop_id}",
        app_id=str(PARTNER_ID),
        app_secret=SecretStr(PARTNER_KEY),
        access_token=SecretStr(tokens["access_token"]),
        refresh_token=SecretStr(tokens["refresh_token"]),
        access_life_s=_TOKEN_LIFE_S,
        refresh_life_s=_TOKEN_LIFE_S,
        base_url=marketplace,
        preset=PRESET,
        sending_enabled=True,
        sends_per_second=_SENDS_PER_SECOND,
        # Text and three photos are four of the five that a buyer may get unanswered.
        kept_free_for_people=0,
    )
