"""Passwords of people."""

import argon2
import pytest

from cloud.accounts import passwords
from cloud.accounts.passwords import MIN_LENGTH, hash_password, new_password, password_matches


def test_a_password_matches_its_own_hash_alone() -> None:
    stored = hash_password("correct horse")
    assert password_matches(stored, "correct horse")
    assert not password_matches(stored, "correct hors")
    assert not password_matches(stored, "")
    assert hash_password("correct horse") != stored


@pytest.mark.parametrize("password", ["é" * MIN_LENGTH, "x" * 10_000, "with\0nul and more"])
def test_any_characters_make_a_password(password: str) -> None:
    assert password_matches(hash_password(password), password)
    assert not password_matches(hash_password(password), password[:-1] + "y")


def test_short_ones_are_refused_with_the_rule_and_not_the_password() -> None:
    with pytest.raises(ValueError, match="at least 10 characters") as refused:
        hash_password("short-one")
    assert "short-one" not in str(refused.value)
    assert password_matches(hash_password("x" * MIN_LENGTH), "x" * MIN_LENGTH)


@pytest.mark.parametrize("stored", [None, "", "no hash", "$argon2id$v=19$broken"])
def test_without_a_hash_nothing_matches(stored: str | None) -> None:
    assert not password_matches(stored, "whatever it is")


def test_a_hash_is_computed_also_when_there_is_no_such_member(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that the time taken does not tell who has an account: one full check either way."""
    checked: list[str] = []

    class Watched(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002  the library's name
            checked.append(str(hash))
            return bool(super().verify(hash, password))

    stored = hash_password("correct horse")
    monkeypatch.setattr(passwords, "_hasher", Watched())
    assert not password_matches(None, "guess guess")
    assert not password_matches(stored, "guess guess")
    parameters = [text.rsplit("$", 2)[0] for text in checked]
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


def test_made_up_passwords_are_long_differ_and_can_be_typed() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        groups = password.split("-")
        assert [len(group) for group in groups] == [4, 4, 4, 4]
        assert not set("".join(groups)) & set("lo01")
        assert len(password) >= MIN_LENGTH
