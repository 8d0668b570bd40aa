"""Which device is the scanner and which the pedal; no guessing (U-10, U-12; edge-hardware 3.2)."""

import pytest

from edge.scanner.binding import Plugged, Role
from edge.scanner.binding.choosing import Binding, Choice, choose
from edge.scanner.binding.selectors import By, Selector, parse_selector
from tests.support.fake_evdev import KEYBOARD, a_device, a_keyboard, a_pedal, a_scanner

SCANNER = Binding("scanner", Role.SCANNER, Selector(By.AUTO))
PEDAL = Binding("pedal", Role.PEDAL, Selector(By.AUTO))
USUAL = (SCANNER, PEDAL)

CHEAP = a_device("HID Keyboard Device", "usb-1.4", (0x1234, 0x5678), [KEYBOARD])
MOUSE = a_device("Mouse", "usb-1.5", (0x046D, 0xC077), [frozenset({272, 273, 274})])
BARE = a_device("Power Button", "", (0, 1), [frozenset({116})])


def chosen(
    binding: Binding,
    *plugged: Plugged,
    earlier: Plugged | None = None,
    bindings: tuple[Binding, ...] = USUAL,
) -> Choice:
    return choose(binding, bindings, plugged, earlier)


class TestAuto:
    def test_the_usual_table(self) -> None:
        plugged = (BARE, a_pedal(), a_scanner())
        assert chosen(SCANNER, *plugged).device == a_scanner()
        assert chosen(PEDAL, *plugged).device == a_pedal()

    def test_it_says_what_it_chose_and_why(self) -> None:
        text = chosen(SCANNER, a_scanner()).text
        assert text == "Honeywell Scanner (0c2e:0b61, port usb-1.1), known as a scanner"

    def test_a_scanner_of_nobody_is_taken_when_it_alone_types(self) -> None:
        found = chosen(SCANNER, CHEAP, a_pedal(), MOUSE, BARE)
        assert found.device == CHEAP
        assert "the only one that types" in found.text

    def test_a_known_scanner_goes_before_a_keyboard(self) -> None:
        assert chosen(SCANNER, a_keyboard(), a_scanner()).device == a_scanner()

    @pytest.mark.parametrize("other", [a_keyboard(), a_scanner("usb-1.9")])
    def test_it_refuses_to_guess(self, other: Plugged) -> None:
        first = CHEAP if other == a_keyboard() else a_scanner()
        found = chosen(SCANNER, first, other)
        assert found.device is None
        assert str(first) in found.text
        assert str(other) in found.text
        assert "settings" in found.text

    def test_a_keyboard_is_never_a_pedal(self) -> None:
        found = chosen(PEDAL, a_keyboard(), a_scanner())
        assert found.device is None
        assert "name it in the settings" in found.text

    def test_nothing_plugged_in(self) -> None:
        assert chosen(SCANNER).text == "is not plugged in"
        assert chosen(PEDAL).text == "is not plugged in"

    def test_what_another_binding_names_is_left_alone(self) -> None:
        second = Binding("second", Role.SCANNER, parse_selector("port:usb-1.9"))
        bindings = (SCANNER, second, PEDAL)
        plugged = (a_scanner(), a_scanner("usb-1.9"))
        assert chosen(SCANNER, *plugged, bindings=bindings).device == a_scanner()
        assert chosen(second, *plugged, bindings=bindings).device == a_scanner("usb-1.9")

    def test_a_keyboard_does_not_become_the_scanner_while_that_is_away(self) -> None:
        assert chosen(SCANNER, a_keyboard(), earlier=CHEAP).device is None
        assert chosen(SCANNER, a_keyboard(), earlier=a_scanner()).device is None

    def test_another_scanner_replaces_a_broken_one(self) -> None:
        new = a_scanner(model=(0x05E0, 0x1200))
        assert chosen(SCANNER, new, earlier=a_scanner()).device == new

    def test_it_stays_true_to_the_earlier_one(self) -> None:
        plugged = (a_scanner(), a_scanner("usb-1.9"))
        assert chosen(SCANNER, *plugged, earlier=a_scanner("usb-1.9")).device == plugged[1]
        assert chosen(SCANNER, plugged[0], earlier=a_scanner("usb-1.9")).device == plugged[0]

    def test_the_earlier_one_in_another_port_beside_its_twin_is_not_guessed(self) -> None:
        plugged = (a_scanner("usb-1.7"), a_scanner("usb-1.8"))
        assert chosen(SCANNER, *plugged, earlier=a_scanner()).device is None


class TestNamed:
    @pytest.mark.parametrize(
        "selector", ["port:usb-1.3", "model:046d:c31c", "model:046D:C31C", "name:usb keyboard"]
    )
    def test_ways_to_name_one(self, selector: str) -> None:
        """A keypad looks like any keyboard: named, it is a pedal."""
        keypad = Binding("keypad", Role.PEDAL, parse_selector(selector))
        plugged = (a_scanner(), a_pedal(), a_keyboard())
        found = chosen(keypad, *plugged, bindings=(SCANNER, keypad))
        assert found.device == a_keyboard()

    def test_a_name_of_by_path(self) -> None:
        link = "platform-xhci-usb-0:1.4:1.0-event-kbd"
        node = CHEAP.nodes[0]
        linked = a_device("Named", "usb-1.4", (1, 2), [node.keys])
        linked = Plugged(
            linked.name, 1, 2, "usb-1.4", "", (type(node)("/dev/input/event9", node.keys, (link,)),)
        )
        for written in (link, f"/dev/input/by-path/{link}"):
            assert parse_selector(f"port:{written}").matches(linked)
            assert not parse_selector(f"port:{written}").matches(CHEAP)

    def test_two_that_fit_are_told_apart_by_their_port(self) -> None:
        binding = Binding("scanner", Role.SCANNER, parse_selector("model:0c2e:0b61"))
        found = chosen(binding, a_scanner(), a_scanner("usb-1.9"), bindings=(binding,))
        assert found.device is None
        assert "bind it by its port" in found.text

    def test_one_that_is_away_is_named(self) -> None:
        binding = Binding("scanner", Role.SCANNER, parse_selector("model:0c2e:0b61"))
        found = chosen(binding, a_keyboard(), bindings=(binding,))
        assert found == Choice(None, "is not plugged in (model:0c2e:0b61)")

    def test_what_has_no_keys_is_no_input(self) -> None:
        binding = Binding("scanner", Role.SCANNER, parse_selector("port:usb-1.6"))
        speaker = a_device("Speaker", "usb-1.6", (1, 1), [frozenset()])
        assert chosen(binding, speaker, bindings=(binding,)).device is None


@pytest.mark.parametrize(
    ("written", "selector"),
    [
        ("auto", Selector(By.AUTO)),
        ("port:usb-0000:01:00.0-1.2", Selector(By.PORT, "usb-0000:01:00.0-1.2")),
        (" model:0C45:7403 ", Selector(By.MODEL, "0c45:7403")),
        ("name:Foo: Bar", Selector(By.NAME, "Foo: Bar")),
    ],
)
def test_selectors(written: str, selector: Selector) -> None:
    assert parse_selector(written) == selector
    assert parse_selector(str(selector)) == selector


@pytest.mark.parametrize("written", ["", "0c45:7403", "model:7403", "port:", "auto:1", "usb:1"])
def test_what_names_no_device_is_refused_with_help(written: str) -> None:
    with pytest.raises(ValueError, match="scan-test"):
        parse_selector(written)
