"""What the log says about a reason code."""

import pytest

from edge.uplink.reasons import explained


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x10, "no matching subscribers (0x10): the cloud is not connected"),
        (0x86, "bad user name or password (0x86): this table's credentials are not accepted"),
        (0x87, "not authorized (0x87): if this table was revoked, enrol it again"),
        (0x8E, "(0x8E): a second device has the identity of this table"),
        (0x95, "packet too large (0x95): raise the broker's limit"),
        (0x97, "quota exceeded (0x97): raise the broker's limits"),
        (0x88, "server unavailable (0x88)"),
        (0xEE, "unknown reason (0xEE)"),
    ],
)
def test_a_reason_has_its_name_its_number_and_what_to_do(code: int, words: str) -> None:
    assert words in explained(code)
