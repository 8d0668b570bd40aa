"""Which calls a fault meets, and how often."""

import pytest
from pydantic import ValidationError

from sandbox.faults import BEFORE_KINDS, FAULT, MESSAGE_KINDS, FaultBox

SEND = "/api/v2/sellerchat/send_message"


def taken(box: FaultBox, path: str = SEND, message_type: str | None = None) -> list[str]:
    faults = box.take(BEFORE_KINDS, path=path, shop_id=1, message_type=message_type)
    return [fault.kind for fault in faults]


def box_with(**fields: object) -> FaultBox:
    box = FaultBox()
    box.add(FAULT.validate_python({"kind": "drop_before", **fields}))
    return box


def test_a_fault_happens_once_by_default() -> None:
    box = box_with()

    assert [taken(box), taken(box)] == [["drop_before"], []]
    assert box.active() == []


def test_skip_and_count_choose_the_calls() -> None:
    box = box_with(skip=1, count=2)

    assert [len(taken(box)) for _ in range(5)] == [0, 1, 1, 0, 0]


def test_without_count_it_goes_on_until_removed() -> None:
    box = box_with(count=None)

    assert [len(taken(box)) for _ in range(3)] == [1, 1, 1]
    assert box.remove(box.active()[0].fault_id)
    assert taken(box) == []
    assert not box.remove(1)


@pytest.mark.parametrize(
    ("fields", "met"),
    [
        ({"path": "send_message"}, True),
        ({"path": SEND}, True),
        ({"path": "message"}, False),
        ({"path": "upload_image"}, False),
        ({"shop_id": 1}, True),
        ({"shop_id": 2}, False),
        ({"message_type": "image"}, True),
        ({"message_type": "text"}, False),
    ],
)
def test_a_fault_meets_only_its_calls(fields: dict[str, object], met: bool) -> None:
    assert bool(taken(box_with(**fields), message_type="image")) == met


def test_kinds_of_another_stage_wait() -> None:
    box = box_with()

    assert not box.take(MESSAGE_KINDS, path=SEND, shop_id=1, message_type=None)
    assert taken(box) == ["drop_before"]


@pytest.mark.parametrize(
    "fields",
    [{"kind": "explode"}, {"kind": "delay"}, {"kind": "drop_before", "counts": 2}],
    ids=["unknown kind", "missing field", "unknown field"],
)
def test_a_wrong_fault_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FAULT.validate_python(fields)
