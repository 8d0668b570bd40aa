"""A marketplace tells the program as it is served, and the order is known."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.orders.models import Order
from cloud.sync.models import InboxPush
from sandbox.testing import RunningSandbox
from tests.support.cloud_program import Cloud
from tests.support.dispatch_bench import TEST
from tests.support.packing_station import describe_shop
from tests.support.waiting import eventually

NUMBER = "261018PUSHED01"


def outcomes(address: str) -> list[str]:
    with Database.open(address) as database, database.read(TEST) as session:
        return list(session.scalars(select(InboxPush.outcome).order_by(InboxPush.id)))


@pytest.mark.timeout(120)
def test_the_address_to_register_is_said_and_what_is_told_there_is_done(
    tmp_path: Path, shopee_sandbox: RunningSandbox
) -> None:
    cloud = Cloud(tmp_path / "data")
    assert cloud.run("init").returncode == 0
    file = describe_shop(shopee_sandbox, tmp_path / "shop.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"push_key": "push-key"}))
    assert cloud.run("shop", "connect", str(file)).returncode == 0
    said = [json.loads(line) for line in cloud.run("shop", "push-addresses").stdout.splitlines()]
    assert [(one["channel"], one["purpose"]) for one in said] == [
        ("shopee", "chat"),
        ("shopee", "orders"),
    ]
    address = said[1]["address"]
    assert address.startswith(f"{cloud.url}/hooks/shopee/")
    control = shopee_sandbox.control
    control.call("PATCH", f"/apps/{shopee_sandbox.partner_id}", {"push_key": "push-key"})
    with cloud.serving() as serving:
        control.push_endpoint(shopee_sandbox.partner_id, address, kinds=["3"])
        control.add_order(NUMBER, shopee_sandbox.shop_id, 900000004)
        at = f"sqlite:///{cloud.folder / 'packwitness.sqlite3'}"
        eventually(lambda: [one for one in outcomes(at) if one])
        with Database.open(at) as database, database.read(TEST) as session:
            orders = session.scalars(select(Order).where(Order.order_number == NUMBER)).all()
        assert len(orders) == 1
        assert orders[0].read_at > utc_now() - timedelta(minutes=5)
        assert serving.end() == 0
