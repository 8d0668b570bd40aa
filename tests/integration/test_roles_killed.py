"""All roles as processes on PostgreSQL and mosquitto, some of them killed and stopped (issue 3)."""

import hashlib
import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.dispatcher.chat_pictures.making import Source, chat_picture
from cloud.dispatcher.models import SenderProcess
from cloud.link.models import LinkProcess, PartitionLease
from edge.uplink.enrolment import enroll
from launcher.evidence import preset_for
from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.database_rows import only_postgres
from tests.support.cloud_roles import CloudRoles, RoleProcess
from tests.support.dispatch_bench import NEW_SHOPS_FORM, jpeg
from tests.support.link_table import LinkTable, manifest
from tests.support.packing_station import describe_shop
from tests.support.waiting import eventually
from wire.messages import Manifest, ProofResult
from wire.topics import PARTITIONS, Address

TEST = system("test")
ORDERS = demo_seed.FURTHER_ORDER_SNS
FIRST_BUYER = 900000004
TABLES = 3
LONG_S = 100.0

pytestmark = [only_postgres, pytest.mark.timeout(400)]


@dataclass
class Plant:
    """Everything that runs."""

    roles: CloudRoles
    database: Database
    sandbox: RunningSandbox
    links: list[RoleProcess]
    dispatchers: list[RoleProcess]
    tables: list[LinkTable]
    packed: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def pack(self, table: LinkTable, number: int) -> None:
        """One proof, repeated as a table does until its manifest is receipted."""
        photos = tuple(jpeg(100 * number + index) for index in range(2))
        now = utc_now()  # older ones wait for a person
        about = manifest(_proof_id(number), photos, code=ORDERS[number])
        about = about.model_copy(update={"opened_at": now, "closed_at": now})
        self.packed[ORDERS[number]] = photos
        deliver(table, about, photos)

    def buyer_got(self, number: int) -> tuple[list[str], list[str]]:
        """Texts, and SHA-256 of pictures, in the chat of an order's buyer."""
        chat = self.sandbox.control.chat(self.sandbox.shop_id, FIRST_BUYER + number)["messages"]
        of_ours = [one for one in chat if one["source"] == "openapi"]
        texts = [one["text"] for one in of_ours if one["text"] is not None]
        return texts, [one["image"]["sha256"] for one in of_ours if one["image"]]

    def holders(self) -> set[str | None]:
        with self.database.read(TEST) as session:
            return set(session.scalars(select(PartitionLease.holder)))

    def count(self, state: DispatchState) -> int:
        with self.database.read(TEST) as session:
            statement = select(func.count()).select_from(Dispatch).where(Dispatch.state == state)
            return session.scalar(statement) or 0

    def holder_of(self, process: RoleProcess) -> str:
        """Its name in the table of leases, from its own log."""
        named = [line["holder"] for line in process.log() if "holder" in line]
        return str(named[-1])


def _proof_id(number: int) -> str:
    return hashlib.sha256(f"proof {number}".encode()).hexdigest()[:32]


def deliver(table: LinkTable, about: Manifest, photos: Sequence[bytes]) -> None:
    """Send photos and manifest until the manifest is receipted; what got lost is sent again."""
    pause = threading.Event()

    def receipted() -> bool:
        return any(
            one.result is ProofResult.RECEIPTED for one in table.proof_answers(about.proof_id)
        )

    def send_again() -> bool:
        for photo in photos:
            table.send_photo(photo)
        table.send_manifest(about)
        for _ in range(100):
            if receipted():
                return True
            pause.wait(0.02)
        return False

    eventually(send_again, LONG_S)


@pytest.fixture
def plant(
    tmp_path: Path, migrated_address: str, database: Database, shopee_sandbox: RunningSandbox
) -> Iterator[Plant]:
    """Web, broker, sync, two links, two dispatchers, and three tables that are enrolled."""
    short = {
        "PACKWITNESS_CLOUD_SENDING__LEASE_S": "4",
        "PACKWITNESS_CLOUD_SENDING__REQUEST_DEADLINE_S": "2",
    }
    with CloudRoles(tmp_path, migrated_address, short) as roles, ExitStack() as stack:
        roles.init()
        connect_shop(roles, shopee_sandbox, tmp_path / "shop.json")
        for role in ("broker", "web", "sync"):
            roles.start(role)
        links = [roles.start("link") for _ in range(2)]
        dispatchers = [roles.start("dispatch") for _ in range(2)]
        tables = [stack.enter_context(new_table(roles, number)) for number in range(TABLES)]
        plant = Plant(roles, database, shopee_sandbox, links, dispatchers, tables)
        eventually(lambda: len(plant.holders()) == 2 and None not in plant.holders())
        yield plant


def connect_shop(roles: CloudRoles, sandbox: RunningSandbox, file: Path) -> None:
    done = roles.cloud.run("shop", "connect", str(describe_shop(sandbox, file)))
    assert done.returncode == 0, done.stderr


def new_table(roles: CloudRoles, number: int) -> LinkTable:
    made = json.loads(roles.cloud.run("table", "create", f"Table {number}").stdout)
    given = enroll(roles.cloud.url, made["claim_code"], hardware="test")
    address = Address(given.partition, given.device_id)
    password = given.password.get_secret_value()
    return LinkTable(("127.0.0.1", roles.cloud.broker_port), address, password)


def pack_all(plant: Plant, numbers: Sequence[int], between: Callable[[], None]) -> None:
    """All tables pack at once; ``between`` happens while they do."""
    threads = [
        threading.Thread(target=_pack_some, args=(plant, table, numbers[index::TABLES]))
        for index, table in enumerate(plant.tables)
    ]
    for thread in threads:
        thread.start()
    between()
    for thread in threads:
        thread.join()


def _pack_some(plant: Plant, table: LinkTable, numbers: Sequence[int]) -> None:
    for number in numbers:
        plant.pack(table, number)


def require_each_once(plant: Plant, numbers: Sequence[int]) -> None:
    eventually(lambda: plant.count(DispatchState.SENT) == len(numbers), LONG_S)
    for number in numbers:
        texts, pictures = plant.buyer_got(number)
        assert texts == [preset_for(ORDERS[number])]
        shown = (
            chat_picture([Source(one)], NEW_SHOPS_FORM) for one in plant.packed[ORDERS[number]]
        )
        assert pictures == [hashlib.sha256(one).hexdigest() for one in shown]


def test_proofs_of_several_tables_arrive_once_though_processes_are_killed(plant: Plant) -> None:
    """With kill -9 of one link and one dispatcher in the middle; what they had is taken over."""
    numbers = range(len(ORDERS))
    lost = plant.holder_of(plant.links[0])

    def kill() -> None:
        eventually(lambda: plant.count(DispatchState.SENT) >= 1, LONG_S)
        assert plant.links[0].end(signal.SIGKILL) == -signal.SIGKILL
        assert plant.dispatchers[0].end(signal.SIGKILL) == -signal.SIGKILL

    pack_all(plant, numbers, kill)
    require_each_once(plant, numbers)
    kept = plant.holder_of(plant.links[1])
    eventually(lambda: plant.holders() == {kept})
    assert lost != kept
    eventually(lambda: ended_by_proof(plant.database), LONG_S)


def ended_by_proof(database: Database) -> bool:
    """The killed dispatcher is proven done; the other lives."""
    with database.read(TEST) as session:
        processes = session.scalars(select(SenderProcess)).all()
    return [one.silent_since is not None for one in processes if one.ended_at] == [True]


def test_a_link_that_is_stopped_loses_its_tables_and_gets_a_share_when_it_wakes(
    plant: Plant,
) -> None:
    """What it held is served by the other meanwhile; woken, it answers nobody it does not hold."""
    stopped, other = plant.links
    name, kept = plant.holder_of(stopped), plant.holder_of(other)
    stopped.stop()
    eventually(lambda: plant.holders() == {kept}, LONG_S)
    pack_all(plant, range(3), lambda: None)
    stopped.go_on()
    eventually(lambda: plant.holders() == {name, kept}, LONG_S)
    pack_all(plant, range(3, 6), lambda: None)
    require_each_once(plant, range(6))
    assert stopped.end() == 0
    eventually(lambda: plant.holders() == {kept}, LONG_S)
    with plant.database.read(TEST) as session:
        assert list(session.scalars(select(LinkProcess.id))) == [kept]
        assert len(session.scalars(select(PartitionLease)).all()) == PARTITIONS
