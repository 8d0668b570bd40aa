"""Whose proofs a newly enrolled device may send, and when its password is changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from edge.enrolling import earlier_owners, is_renewal_due
from edge.uplink.credentials import Credentials
from tests.support.manual_clock import ManualClock
from wire.enrolment import BrokerAddress, EnrolmentAnswer

URL = "https://packwitness.example.com"
ANSWER = EnrolmentAnswer(
    device_id="table-new",
    partition=1,
    table_name="Table 1",
    password=SecretStr("x" * 43),
    broker=BrokerAddress(host="broker.example", port=8883),
    organisation="3",
)
BEFORE = Credentials(
    **ANSWER.model_dump() | {"device_id": "table-old"},
    server_url=URL,
    formerly=("table-older",),
)


def test_what_was_packed_before_any_enrolment_is_the_new_devices() -> None:
    assert earlier_owners(None, ANSWER, URL, "unenrolled-1") == ("unenrolled-1",)


def test_what_the_same_machine_packed_for_the_same_organisation_is_too() -> None:
    assert earlier_owners(BEFORE, ANSWER, URL, "table-old") == ("table-old", "table-older")


@pytest.mark.parametrize(
    ("before", "url"),
    [
        (BEFORE.model_copy(update={"organisation": "4"}), URL),
        (BEFORE.model_copy(update={"organisation": ""}), URL),
        (BEFORE, "https://elsewhere.example.com"),
        (None, URL),
    ],
)
def test_what_may_be_another_organisations_wants_a_person(
    before: Credentials | None, url: str
) -> None:
    """Photos of one organisation never go to another."""
    assert earlier_owners(before, ANSWER, url, "table-old") == ()


def test_where_the_cloud_names_no_organisation_nothing_is_taken_over() -> None:
    nameless = ANSWER.model_copy(update={"organisation": ""})
    before = BEFORE.model_copy(update={"organisation": ""})
    assert earlier_owners(before, nameless, URL, "table-old") == ()


def test_the_spool_of_a_stranger_is_not_taken_over() -> None:
    assert earlier_owners(None, ANSWER, URL, "table-99") == ()


def test_a_password_is_changed_when_it_has_served_its_time() -> None:
    now = ManualClock().now()
    young = BEFORE.model_copy(update={"renewed_at": now.wall - timedelta(days=89)})
    old = BEFORE.model_copy(update={"renewed_at": now.wall - timedelta(days=90)})
    assert not is_renewal_due(young, now, 90)
    assert is_renewal_due(old, now, 90)
    assert is_renewal_due(BEFORE, now, 90), "its age is not known"
    assert not is_renewal_due(old, now, 0)
    assert not is_renewal_due(old, replace(now, synced=False), 90)
