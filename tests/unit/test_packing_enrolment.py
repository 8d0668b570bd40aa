"""A claim sheet at the scanner: what enrols, what is refused, and what the light says of it."""

import pytest

from edge.effects import Effect, Enrol, OpenProof
from edge.events import EnrolmentEnded, LinkChanged, LinkTrouble, Standing, StandingChanged
from edge.health import health
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, faults
from edge.spool.records import SpoolCounts
from tests.support.manual_clock import ManualClock
from tests.support.packing_table import ORDER_A, PackingTable
from wire.claim_sheet import ClaimSheet

CODE = "ABCDE-FGHJK-LMNPQ-RSTUV"
URL = "https://packwitness.example.com"
SHEET = ClaimSheet(URL, CODE)


@pytest.fixture
def table() -> PackingTable:
    return unenrolled()


def unenrolled(settings: PackingSettings | None = None) -> PackingTable:
    table = PackingTable(settings)
    stands(table, Standing.NOT_ENROLLED)
    return table


def stands(table: PackingTable, standing: Standing, reason: str = "") -> None:
    table.send(StandingChanged(standing, table.now_ns, reason))


def asked(effects: list[Effect]) -> list[Enrol]:
    return [one for one in effects if isinstance(one, Enrol)]


def ends(table: PackingTable, text: str, *, ok: bool) -> None:
    table.send(EnrolmentEnded(ok=ok, text=text, at_ns=table.now_ns))


class TestScanning:
    def test_one_barcode_with_everything_enrols(self, table: PackingTable) -> None:
        assert asked(table.scan(SHEET.whole)) == [Enrol(URL, CODE)]
        assert (table.sign, table.text) == (Sign.NOT_ENROLLED, f"enrolling at {URL}")

    @pytest.mark.parametrize("turned", [False, True])
    def test_two_barcodes_enrol_in_either_order(self, table: PackingTable, *, turned: bool) -> None:
        first, second = SHEET.server_barcode, SHEET.claim_barcode
        texts = [second, first] if turned else [first, second]
        assert asked(table.scan(texts[0])) == []
        assert table.text.startswith("now scan the ")
        table.wait(2000)
        assert asked(table.scan(texts[1])) == [Enrol(URL, CODE)]

    def test_where_the_settings_name_the_cloud_the_code_is_enough(self) -> None:
        table = unenrolled(PackingSettings(server_url=URL))
        assert asked(table.scan(SHEET.claim_barcode)) == [Enrol(URL, CODE)]

    def test_a_sheet_of_another_cloud_than_the_settings_name_is_refused(self) -> None:
        table = unenrolled(PackingSettings(server_url="https://elsewhere.example.com"))
        assert asked(table.scan(SHEET.whole)) == []
        assert table.shows(Sign.REFUSED)

    def test_an_enrolled_table_takes_no_sheet(self) -> None:
        """Nobody takes a table away by a piece of paper."""
        table = PackingTable()
        assert asked(table.scan(SHEET.whole)) == []
        assert (table.sign, table.text) == (Sign.REFUSED, "this table is enrolled already")

    def test_not_with_an_order_open(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        assert asked(table.scan(SHEET.whole)) == []
        assert table.text == "finish the open order first"

    def test_a_second_scan_waits_for_the_first(self, table: PackingTable) -> None:
        table.scan(SHEET.whole)
        table.wait(2000)
        assert asked(table.scan(SHEET.whole)) == []
        assert table.shows(Sign.REFUSED)

    def test_a_misread_sheet_is_refused_and_opens_no_order(self, table: PackingTable) -> None:
        effects = table.scan("PW-CLAIM-AB/CD")
        assert not [one for one in effects if isinstance(one, (Enrol, OpenProof))]
        assert table.text == "the claim code was misread: scan it again"

    def test_the_code_is_in_no_repr(self, table: PackingTable) -> None:
        effects = table.scan(SHEET.claim_barcode)
        assert CODE not in repr(table.state)
        table.wait(2000)
        assert CODE not in repr([*effects, *table.scan(SHEET.server_barcode)])


class TestEnd:
    def test_it_worked(self, table: PackingTable) -> None:
        table.scan(SHEET.whole)
        ends(table, "Table 1", ok=True)
        assert (table.sign, table.text) == (Sign.SAVED, "this is Table 1 now")
        table.wait(table.settings.saved_ms)
        assert table.shows(Sign.READY)

    @pytest.mark.parametrize(
        "reason",
        [
            "this claim code is not known; check it, or print a new claim sheet",
            "this claim code was used already; print a new claim sheet",
            "this claim code has expired; print a new claim sheet",
            "too many claim codes were refused; try again in 15 minutes",
        ],
    )
    def test_each_refusal_is_said_and_the_next_sheet_is_taken(
        self, table: PackingTable, reason: str
    ) -> None:
        table.scan(SHEET.whole)
        ends(table, reason, ok=False)
        assert (table.sign, table.text) == (Sign.REFUSED, reason)
        table.wait(table.settings.saved_ms)
        assert table.shows(Sign.NOT_ENROLLED)
        assert asked(table.scan(SHEET.whole))

    def test_no_end_at_all_is_given_up(self, table: PackingTable) -> None:
        table.scan(SHEET.whole)
        table.wait(table.settings.enrol_ms)
        assert table.shows(Sign.REFUSED)
        ends(table, "too late", ok=False)
        assert table.text != "too late"
        assert asked(table.scan(SHEET.whole))


class TestStanding:
    @pytest.mark.parametrize(
        ("standing", "words"),
        [
            (Standing.NOT_ENROLLED, "is not enrolled: scan its claim sheet"),
            (Standing.REVOKED, "was shut out (another took its place)"),
            (Standing.REFUSED, "is not let in (another took its place)"),
        ],
    )
    def test_it_is_said_while_nothing_is_open_and_packing_goes_on(
        self, standing: Standing, words: str
    ) -> None:
        table = PackingTable()
        reason = "" if standing is Standing.NOT_ENROLLED else "another took its place"
        stands(table, standing, reason)
        assert table.shows(Sign.NOT_ENROLLED)
        assert words in table.text
        assert table.text.endswith("photos are kept here meanwhile")
        assert table.pack(ORDER_A)
        assert table.shows(Sign.SAVED)

    def test_a_connection_ends_it(self, table: PackingTable) -> None:
        stands(table, Standing.REFUSED, "not authorized")
        table.send(LinkChanged(connected=True, at_ns=table.now_ns))
        assert table.shows(Sign.READY)

    @pytest.mark.parametrize("standing", [Standing.REVOKED, Standing.REFUSED])
    def test_a_table_that_was_shut_out_takes_a_new_sheet(self, standing: Standing) -> None:
        table = PackingTable()
        stands(table, standing)
        assert asked(table.scan(SHEET.whole))


def test_why_there_is_no_connection_is_said_to_people_until_there_is_one() -> None:
    table = PackingTable()
    table.send(LinkTrouble("the proxy asks for credentials", table.now_ns))
    counts = SpoolCounts(0, None, 0, 0, 0)
    said = health(table.state, counts, 0.0, ManualClock().now()).faults
    assert said == faults(table.state) == ["network: the proxy asks for credentials"]
    table.send(LinkChanged(connected=True, at_ns=table.now_ns))
    assert faults(table.state) == []
