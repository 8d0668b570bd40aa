"""Badges that the cloud prints: read by tables, kept as a mark, ended by time (issue 6: people)."""

import pytest

from cloud.dashboard.sheets.rhythms import RHYTHMS_MS, SHOWN_MS, lit_parts
from edge.effects import OpenProof
from edge.events import Action
from edge.indicator.card import lit_parts as lit_parts_of_table
from edge.indicator.signs import SIGNS
from edge.rules.settings import PackingSettings
from edge.scanner.codes import CodeKind, CodeRules, classify
from tests.support.packing_table import ORDER_A, ORDER_B, PackingTable
from wire.badges import ALPHABET, BadBadge, badge_text, is_mark, mark_of
from wire.commands import ACTIONS, MODES, command_text
from wire.messages import Manifest, Mode

CODE = "23456789ABCDEFGHJKLM"
OTHER = "NPQRSTUVWXYZ23456789"


def packers(table: PackingTable) -> list[str | None]:
    return [one.packer for one in table.all_effects if isinstance(one, OpenProof)]


class TestTextAndMark:
    def test_a_mark_tells_badges_apart_and_not_their_codes(self) -> None:
        mark = mark_of(badge_text(CODE))
        assert is_mark(mark)
        assert mark != mark_of(badge_text(OTHER))
        assert CODE not in mark

    def test_a_mark_fits_into_a_manifest(self) -> None:
        limit = next(
            one.max_length
            for one in Manifest.model_fields["packer"].metadata
            if hasattr(one, "max_length")
        )
        assert len(mark_of(badge_text(CODE))) <= limit

    def test_a_scanner_that_follows_caps_lock_changes_nothing(self) -> None:
        assert mark_of(badge_text(CODE).lower()) == mark_of(f" {badge_text(CODE)}\r")

    @pytest.mark.parametrize(
        "text", ["", CODE, "PW-ID-", f"PW-ID-{CODE[:-1]}", f"PW-ID-{CODE}2", f"PW-ID-{CODE[:-1]}0"]
    )
    def test_what_is_no_badge_has_no_mark_and_is_not_repeated(self, text: str) -> None:
        with pytest.raises(BadBadge) as refused:
            mark_of(text)
        assert CODE[:-1] not in str(refused.value)

    @pytest.mark.parametrize("packer", ["Anna", "badge:", "badge:XYZ", "packer@demo.test"])
    def test_a_name_is_no_mark(self, packer: str) -> None:
        assert not is_mark(packer)

    def test_no_letter_looks_like_a_digit(self) -> None:
        assert len(set(ALPHABET)) == 32
        assert not set("01IO") & set(ALPHABET)


class TestAtTheTable:
    def test_any_table_reads_them_whatever_it_calls_its_own(self) -> None:
        for rules in (CodeRules(), CodeRules(command_prefix="X-", badge_prefix="")):
            code = classify(badge_text(CODE), rules)
            assert (code.kind, code.text) == (CodeKind.BADGE, mark_of(badge_text(CODE)))

    def test_a_misread_one_is_no_order(self) -> None:
        assert classify(f"PW-ID-{CODE[:-1]}", CodeRules()).kind is CodeKind.UNREADABLE

    def test_orders_carry_the_mark_of_who_signed_in(self) -> None:
        table = PackingTable()
        table.scan(ORDER_A)
        table.f1()
        table.scan(badge_text(CODE))
        table.f4()
        table.scan(ORDER_B)
        assert packers(table) == [None, mark_of(badge_text(CODE))]

    def test_the_next_badge_is_the_next_packer(self) -> None:
        table = PackingTable()
        for code in (CODE, OTHER):
            table.scan(badge_text(code))
            table.wait(2000)
        assert table.state.packer == mark_of(badge_text(OTHER))

    def test_nothing_that_is_shown_or_kept_holds_the_code(self) -> None:
        table = PackingTable()
        table.scan(badge_text(CODE))
        assert CODE not in repr(table.state)
        assert table.state.shown is not None
        assert CODE not in table.state.shown[1]

    def test_who_is_away_for_long_is_signed_out(self) -> None:
        table = PackingTable(settings=PackingSettings(packer_idle_ms=600_000, shift_ms=0))
        table.scan(badge_text(CODE))
        table.wait(598_000)
        assert table.state.packer is not None
        table.scan(ORDER_A)
        table.wait(598_000)
        assert table.state.packer is not None
        table.wait(3000)
        assert table.state.packer is None

    def test_a_shift_ends_by_itself_and_an_open_order_keeps_its_packer(self) -> None:
        table = PackingTable(settings=PackingSettings(packer_idle_ms=0, shift_ms=60_000))
        table.scan(badge_text(CODE))
        table.wait(58_000)
        table.scan(ORDER_A)
        table.wait(3000)
        assert table.state.packer is None
        assert packers(table) == [mark_of(badge_text(CODE))]

    def test_nobody_is_signed_out_where_no_time_is_set(self) -> None:
        table = PackingTable(settings=PackingSettings(packer_idle_ms=0, shift_ms=0))
        table.scan(badge_text(CODE))
        table.wait(10**9)
        assert table.state.packer is not None


class TestSheets:
    def test_printed_commands_are_those_of_tables(self) -> None:
        assert set(ACTIONS) == set(Action)
        assert set(MODES) == set(Mode)
        for word in ACTIONS:
            assert classify(command_text(word), CodeRules()).action == Action(word)
        for word in MODES:
            assert classify(command_text(word), CodeRules()).mode == Mode(word)

    def test_the_card_shows_the_rhythms_of_tables(self) -> None:
        assert {name: tuple(rhythm) for name, rhythm in RHYTHMS_MS.items()} == {
            sign.value: look.rhythm_ms for sign, look in SIGNS.items()
        }
        for sign, look in SIGNS.items():
            assert lit_parts(RHYTHMS_MS[sign.value]) == lit_parts_of_table(look, SHOWN_MS)
