"""A new key seals everything that an older one sealed; what was sealed before still opens."""

from sqlalchemy import select

from cloud.database.scope import system
from cloud.database.secrets import SecretBox
from cloud.main.resealing import Resealed, reseal_all
from cloud.shops.models import AppCredential, Authorization
from cloud.shops.service import Purpose
from tests.support.dispatch_bench import Bench

TEST = system("test")


def old_ones(bench: Bench, box: SecretBox) -> int:
    with bench.database.read(TEST) as session:
        apps = session.scalars(select(AppCredential.sealed_key)).all()
        pairs = session.execute(
            select(Authorization.sealed_access_token, Authorization.sealed_refresh_token)
        ).all()
    sealed = [*apps, *(one for pair in pairs for one in pair)]
    return sum(box.needs_resealing(one) for one in sealed if one is not None)


def test_a_rotation_seals_everything_anew_and_all_still_opens(bench: Bench) -> None:
    bench.box.add_key()
    before = old_ones(bench, bench.box)
    assert before == 6  # two apps and two pairs
    assert reseal_all(bench.database, bench.box) == Resealed(values=6, damaged=0)
    assert old_ones(bench, bench.box) == 0
    line = bench.gateway.line(bench.shop, Purpose.CHAT)
    assert line.marketplace.shop_facts(line.access).name
    assert reseal_all(bench.database, bench.box) == Resealed(values=0, damaged=0)


def test_what_does_not_open_is_counted_and_stays(bench: Bench) -> None:
    bench.box.add_key()
    bench.change_authorization(Purpose.CHAT, sealed_access_token=b"\x01" + b"damaged" * 8)
    assert reseal_all(bench.database, bench.box) == Resealed(values=4, damaged=1)
    with bench.database.read(TEST) as session:
        kept = session.scalars(
            select(Authorization.sealed_access_token).where(Authorization.purpose == Purpose.CHAT)
        ).one()
    assert kept == b"\x01" + b"damaged" * 8
