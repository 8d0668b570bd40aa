"""Many shops at the sandbox: half of them connected to a cloud, half for the bare script."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.fleet.models import PackingTable
from cloud.marketplaces import orders as told
from cloud.marketplaces.access import AppCredentials, Tokens
from cloud.orders.service import put_order
from cloud.photos.local import LocalPhotoStore
from cloud.proofs.service import ManifestFacts, PhotoFacts, accept_manifest, add_photo
from cloud.shops.service import NewShop, Purpose, add_shop, put_app_credential, store_tokens
from sandbox.shopee.demo_seed import PARTNER_ID, PARTNER_KEY
from sandbox.shopee.entities import App, Buyer, Item, Package
from sandbox.shopee.seed import Seed, SeedOrder, SeedShop, SeedToken
from tests.benchmarks.support.photos import PhotoMaker
from tests.benchmarks.support.replay import Parcel

PRESET = "Your order [order number] is packed. Thank you!"
PHOTOS = 3
_OUR_FIRST_SHOP, _BARE_FIRST_SHOP = 22_100_000, 22_200_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlantedOrder:
    """An order of a buyer who has no other."""

    shop_id: int
    parcel: Parcel


def access_token(shop_id: int) -> str:
    """The token of a shop; good for a day."""
    return hashlib.sha256(str(shop_id).encode()).hexdigest()[:32]


class Plan:
    """What the marketplace holds: the same number of shops and orders on both sides."""

    def __init__(self, shops: int, orders_per_shop: int) -> None:
        self._photos = PhotoMaker()
        self._serials = count(1)
        self.our_shops = range(_OUR_FIRST_SHOP, _OUR_FIRST_SHOP + shops)
        self.bare_shops = range(_BARE_FIRST_SHOP, _BARE_FIRST_SHOP + shops)
        self.ours = self._orders(self.our_shops, orders_per_shop)
        self.bare = self._orders(self.bare_shops, orders_per_shop)

    def _orders(self, shops: Iterable[int], orders_per_shop: int) -> list[PlantedOrder]:
        """Round by round through all shops, so that any stretch of them spreads over all."""
        return [self._order(shop_id) for _ in range(orders_per_shop) for shop_id in shops]

    def _order(self, shop_id: int) -> PlantedOrder:
        serial = next(self._serials)
        order_sn = f"220101BN{serial:06}"
        photos = tuple(self._photos.photo(PHOTOS * serial + place) for place in range(PHOTOS))
        text = PRESET.replace("[order number]", order_sn)
        return PlantedOrder(shop_id, Parcel(order_sn, 980_000_000 + serial, text, photos))

    def seed(self) -> Seed:
        """For the sandbox."""
        return Seed(
            apps=[App(partner_id=PARTNER_ID, partner_key=PARTNER_KEY, name="Bench")],
            shops=[_seed_shop(shop_id) for shop_id in (*self.our_shops, *self.bare_shops)],
            buyers=[
                Buyer(user_id=one.parcel.buyer_id, username=f"b{one.parcel.buyer_id}")
                for one in (*self.ours, *self.bare)
            ],
            orders=[_seed_order(one) for one in (*self.ours, *self.bare)],
        )


def _seed_shop(shop_id: int) -> SeedShop:
    token = access_token(shop_id)
    pair = SeedToken(
        partner_id=PARTNER_ID,
        access_token=token,
        refresh_token=token[::-1],
        access_life_s=round(_DAY.total_seconds()),
    )
    return SeedShop(shop_id=shop_id, shop_name=f"Shop {shop_id}", region="MY", tokens=[pair])


def _seed_order(order: PlantedOrder) -> SeedOrder:
    parcel = order.parcel
    return SeedOrder(
        order_sn=parcel.order_sn,
        shop_id=order.shop_id,
        buyer_id=parcel.buyer_id,
        order_status="PROCESSED",
        items=[Item(item_id=1, item_name="Mug")],
        packages=[Package(package_number=f"OFG{parcel.order_sn}")],
    )


class Seller:
    """An organisation of the cloud that has our half of the shops."""

    def __init__(self, database: Database, folder: Path, plan: Plan, base_url: str) -> None:
        self.box = SecretBox(folder / "key")
        self.store = LocalPhotoStore(folder / "photos")
        self._database = database
        self._base_url = base_url
        self._numbers = count(1)
        self._organisation_id = database.write(_add_organisation, system("the benchmark"))
        self._shop_rows: dict[int, int] = {}
        self._table_id = self._write(_add_table)
        for shop_id in plan.our_shops:
            self._shop_rows[shop_id] = self._write(self._adding_shop(shop_id))

    def pack(self, order: PlantedOrder) -> None:
        """Take in the order and a proof of it that was closed with F4, as the link would."""
        hashes = [hashlib.sha256(photo).hexdigest() for photo in order.parcel.photos]
        for sha256, photo in zip(hashes, order.parcel.photos, strict=True):
            self.store.put(self._organisation_id, sha256, photo)
        self._write(self._taking_in(order, hashes))

    def _write(self, unit: Callable[[Session], int]) -> int:
        return self._database.write(unit, scoped(self._organisation_id))

    def _adding_shop(self, shop_id: int) -> Callable[[Session], int]:
        app, now = AppCredentials(str(PARTNER_ID), PARTNER_KEY), utc_now()
        token = access_token(shop_id)
        tokens = Tokens(token, token[::-1], now + _DAY, now + 30 * _DAY, ())

        def unit(session: Session) -> int:
            new = NewShop(
                channel="shopee",
                country="MY",
                external_id=str(shop_id),
                name=f"Shop {shop_id}",
                sends_per_second=1000,
                preset_message=PRESET,
                sending_enabled=True,
            )
            row = add_shop(session, new, now)
            # A message for each photo, as the bare script makes them.
            row.kept_free_for_people = 1
            for purpose in Purpose:
                put_app_credential(
                    session,
                    self.box,
                    channel="shopee",
                    purpose=purpose,
                    app=app,
                    base_url=self._base_url,
                )
                store_tokens(
                    session, self.box, shop_id=row.id, purpose=purpose, tokens=tokens, now=now
                )
            return row.id

        return unit

    def _taking_in(self, order: PlantedOrder, hashes: list[str]) -> Callable[[Session], int]:
        now = utc_now()
        facts = self._facts(order, hashes)

        def unit(session: Session) -> int:
            put_order(session, self._shop_rows[order.shop_id], _told(order), now)
            for photo in facts.photos:
                add_photo(session, photo.sha256, photo.size_bytes, facts.device_id, now)
            proof = accept_manifest(session, facts, now).proof
            if proof is None:
                raise RuntimeError(f"the proof of {order.parcel.order_sn} was not taken")
            ask_for_dispatch(session, proof, now)
            return proof.id

        return unit

    def _facts(self, order: PlantedOrder, hashes: list[str]) -> ManifestFacts:
        now = utc_now()
        sizes = map(len, order.parcel.photos)
        return ManifestFacts(
            proof_key=hashes[0][:32],
            revision=1,
            digest=hashes[0],
            raw=b"{}",
            device_id="table-1",
            table_id=self._table_id,
            closing="send",
            mode="packing",
            code=order.parcel.order_sn,
            photos=tuple(
                PhotoFacts(sha256, size, now, True, "simulated")
                for sha256, size in zip(hashes, sizes, strict=True)
            ),
            sequence=next(self._numbers),
            opened_at=now,
            closed_at=now,
            clock_synced=True,
            packer=None,
        )


def _add_organisation(session: Session) -> int:
    row = Organisation(name="Seller", created_at=utc_now())
    session.add(row)
    session.flush()
    return row.id


def _add_table(session: Session) -> int:
    row = PackingTable(name="Table 1", created_at=utc_now())
    session.add(row)
    session.flush()
    return row.id


def _told(order: PlantedOrder) -> told.Order:
    now = utc_now()
    return told.Order(
        number=order.parcel.order_sn,
        status="PROCESSED",
        created_at=now,
        updated_at=now,
        buyer_id=str(order.parcel.buyer_id),
        buyer_name="A Buyer",
        parcels=(),
        items=(),
        is_cancelled=False,
        is_cancel_requested=False,
        recipient=None,
    )
