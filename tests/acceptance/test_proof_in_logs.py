"""One proof, found by its id in the logs of every program that had it (issue 3)."""

import json
from pathlib import Path

import pytest

from tests.support.waiting import eventually
from tests.support.whole import fast_plan, pack, proofs_of, running, wait_sent_sign

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

AT_THE_TABLE = [
    "proof opened", "photo saved", "photo saved", "proof settled", "proof receipted",
]  # fmt: skip
IN_THE_CLOUD = ["manifest applied", "dispatch planned", *["message sent"] * 3]


def of_table(log: Path, proof_id: str) -> list[str]:
    """What the table's lines with this proof say, in their order."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        text, _, fields = line.partition(": ")[2].partition(" proof=")
        if fields.split(" ")[0] == proof_id:
            found.append(text)
    return found


def of_cloud(log: Path, proof_id: str) -> list[str]:
    """The same of the cloud's, which are JSON."""
    lines = [
        json.loads(line)
        for line in log.read_text(encoding="utf-8").splitlines()
        if line.startswith("{")
    ]
    return [line["text"] for line in lines if line.get("proof") == proof_id]


def test_the_way_of_a_proof_is_in_the_logs_under_its_id(tmp_path: Path) -> None:
    with running(fast_plan(tmp_path)) as whole:
        order, other = whole.marketplace.plant_order("TEST"), whole.marketplace.plant_order("TEST")
        for one in (other, order):
            place = whole.table.lights.count
            pack(whole, one.number, photos=2)
            wait_sent_sign(whole, one.number, place)
        [proof] = proofs_of(whole, order.number)
        logs = whole.plan.folder.logs
        said = of_table(logs / "table.log", proof.proof_id)
        # Photos travel while the packer goes on: their lines may stand anywhere before the receipt.
        assert [text for text in said if text != "photo uploaded"] == AT_THE_TABLE
        assert said.count("photo uploaded") == 2
        assert eventually(lambda: of_cloud(logs / "cloud.log", proof.proof_id)) == IN_THE_CLOUD
        assert order.number in (logs / "table.log").read_text(encoding="utf-8")
