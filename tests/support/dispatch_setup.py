"""Sets up the rows and parts that `dispatch_bench.Bench` works on."""

import itertools
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.fleet.models import PackingTable
from cloud.marketplaces.access import AppCredentials, Tokens
from cloud.marketplaces.http_clients import HttpClients
from cloud.photos.local import LocalPhotoStore
from cloud.shops.gateway import ShopGateway
from cloud.shops.service import (
    NewShop,
    Purpose,
    add_shop,
    put_app_credential,
    store_tokens,
)
from sandbox.testing import RunningSandbox
from tests.support.dispatch_bench import PRESET, TEST, Bench


def make_bench(database: Database, sandbox: RunningSandbox, folder: Path) -> Bench:
    """An organisation whose shop is connected to the sandbox, authorized and switched on."""
    box = SecretBox(folder / "key")
    organisation_id, table_id, shop_id = _rows(database, box, sandbox)
    clients = HttpClients()
    store_folder = folder / "photos"
    return Bench(
        database=database,
        sandbox=sandbox,
        store=LocalPhotoStore(store_folder),
        store_folder=store_folder,
        box=box,
        clients=clients,
        gateway=ShopGateway(database, box, clients),
        organisation_id=organisation_id,
        table_id=table_id,
        shop_id=shop_id,
        deaths=[],
        serials=itertools.count(1),
    )


def _rows(database: Database, box: SecretBox, sandbox: RunningSandbox) -> tuple[int, int, int]:
    now = utc_now()

    def organisation(session: Session) -> int:
        row = Organisation(name="Seller", created_at=now)
        session.add(row)
        session.flush()
        return row.id

    organisation_id = database.write(organisation, TEST)

    def shop(session: Session) -> tuple[int, int]:
        table = PackingTable(name="Table 1", created_at=now)
        session.add(table)
        new = NewShop(
            channel="shopee",
            country="MY",
            external_id=str(sandbox.shop_id),
            name="Demo Shop",
            sends_per_second=1000,
            preset_message=PRESET,
            sending_enabled=True,
        )
        row = add_shop(session, new, now)
        # A message for each photo of a full proof; what joins them has tests of its own.
        row.kept_free_for_people = 1
        app = AppCredentials(str(sandbox.partner_id), sandbox.partner_key)
        tokens = Tokens(
            sandbox.access_token,
            sandbox.refresh_token,
            now + timedelta(days=1),
            now + timedelta(days=30),
            (),
        )
        for purpose in Purpose:
            put_app_credential(
                session, box, channel="shopee", purpose=purpose, app=app, base_url=sandbox.base_url
            )
            store_tokens(session, box, shop_id=row.id, purpose=purpose, tokens=tokens, now=now)
        return table.id, row.id

    return organisation_id, *database.write(shop, scoped(organisation_id))
