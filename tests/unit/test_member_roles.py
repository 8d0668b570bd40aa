"""Who may do what: the table, and the document that shows it."""

from pathlib import Path

from cloud.accounts.roles import MAY, MEANING, Deed, Role, may

PAGE = Path(__file__).parents[2] / "docs/roles.md"


def test_the_document_shows_the_table_of_the_program() -> None:
    rows = [
        f"| {MEANING[deed]} | {' | '.join('yes' if deed in MAY[role] else '' for role in Role)} |"
        for deed in Deed
    ]
    assert [line for line in PAGE.read_text().splitlines() if line.startswith("| ")] == [
        f"| what | {' | '.join(Role)} |",
        *rows,
    ]


def test_an_owner_may_do_everything_and_each_deed_has_a_meaning() -> None:
    assert MAY[Role.OWNER] == set(Deed) == set(MEANING)
    assert set(MAY) == set(Role)


def test_who_looks_after_machines_sees_no_buyer_and_a_packer_sends_nothing_again() -> None:
    assert not may(Role.IT, Deed.SEE_PROOFS)
    assert not may(Role.PACKER, Deed.SEND_AGAIN)


def test_a_role_of_another_version_may_nothing() -> None:
    assert not any(may("emperor", deed) for deed in Deed)
