"""Each state, reason and sign has its words; the words are the sellers' and never our own."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from cloud.conversations.states import (
    AttemptOutcome,
    DispatchState,
    MessageKind,
    MessageState,
    Reason,
)
from cloud.dashboard import words
from cloud.dashboard.languages import FOLDER, load_languages, preferred
from cloud.proofs.states import ProofState, state_of_proof
from edge.camera.checks import PhotoWarning
from edge.indicator.signs import Sign
from edge.spool.manifests import INCOMPLETE_WARNING
from edge.spool.recovery import FOUND_WARNING
from wire.messages import Closing, Mode

DASHBOARD = FOLDER.parent
CATALOGUES = sorted(FOLDER.glob("*.po"))
ICONS = set((DASHBOARD / "static/vendor/icons.txt").read_text().split())
OUR_OWN_WORDS = re.compile(
    r"dispatch|receipt|uncertain|manifest|claimed|lease|payload", re.IGNORECASE
)
Key = str | tuple[str, ...]


def used_keys() -> set[Key]:
    """Every text that the code or a template marks for translation."""
    template = {
        "trimmed": "true",
        "newstyle_gettext": "true",
        "trim_blocks": "true",
        "silent": "false",
    }
    found = extract_from_dir(
        str(DASHBOARD),
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
        options_map={"templates/**.html": template},
        keywords={"_": None, "ngettext": (1, 2)},
    )
    return {key for _file, _line, key, _comments, _context in found}


def test_a_proof_has_the_states_of_its_dispatches_and_one_more() -> None:
    states = {state.value for state in ProofState} - {ProofState.UNSENT}
    assert states == {state.value for state in DispatchState}


@pytest.mark.parametrize(
    ("closing", "dispatched", "state"),
    [
        ("send", DispatchState.SENT, ProofState.SENT),
        ("send", None, ProofState.WAITING_FOR_ORDER),
        ("unsent", None, ProofState.UNSENT),
        ("unsent", DispatchState.QUEUED, ProofState.QUEUED),
        ("cancelled", None, ProofState.CANCELLED),
        ("withdrawn", None, ProofState.CANCELLED),
    ],
)
def test_state_of_a_proof(
    closing: str, dispatched: DispatchState | None, state: ProofState
) -> None:
    assert state_of_proof(closing, dispatched) is state


def test_everything_that_can_be_shown_has_words() -> None:
    assert set(words.STATES) == set(ProofState)
    assert set(words.REASONS) == set(Reason)
    assert set(words.MESSAGE_STATES) == set(MessageState)
    assert set(words.MESSAGE_KINDS) == set(MessageKind)
    assert set(words.OUTCOMES) == {*AttemptOutcome, ""}
    assert set(words.SIGNS) == set(Sign)
    assert set(words.CLOSINGS) == set(Closing)
    assert set(words.MODES) == set(Mode)
    assert set(words.PHOTO_WARNINGS) == {*PhotoWarning, FOUND_WARNING, INCOMPLETE_WARNING}


def test_the_success_wording_belongs_to_sent_alone() -> None:
    """S0-35, S0-36, Q4."""
    saying = [state for state, badge in words.STATES.items() if "Image Sent to" in badge.text]
    assert saying == [ProofState.SENT]
    assert words.STATES[ProofState.SENT].text == "Image Sent to Customer's Chat"


def test_states_are_told_apart_without_colour() -> None:
    """Q5: each has an icon and a text of its own."""
    badges = list(words.STATES.values())
    assert len({badge.icon for badge in badges}) == len(badges)
    assert len({badge.text for badge in badges}) == len(badges)
    assert {badge.icon for badge in badges} <= ICONS


def test_each_state_is_in_one_group_at_most() -> None:
    grouped = [state for _text, states in words.GROUPS.values() for state in states]
    assert sorted(grouped) == sorted(set(ProofState) - {ProofState.SENT})


def test_pages_use_no_words_of_ours() -> None:
    texts = [text for key in used_keys() for text in ([key] if isinstance(key, str) else key)]
    assert not [text for text in texts if OUR_OWN_WORDS.search(text)]


def test_there_is_a_catalogue_for_each_language_but_english() -> None:
    assert [path.stem for path in CATALOGUES] == sorted(set(load_languages()) - {"en"})


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_text_is_missing_and_none_is_left_over(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    translated = {message.id for message in catalogue if message.id and message.string}
    assert translated == used_keys()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_translations_keep_their_placeholders(path: Path) -> None:
    placeholder = re.compile(r"%\(\w+\)s")
    with path.open("rb") as file:
        for message in read_po(file, abort_invalid=True):
            last = message.id if isinstance(message.id, str) else message.id[-1]
            strings = (
                [message.string] if isinstance(message.string, str) else message.string or [""]
            )
            said = strings[-1]
            assert set(placeholder.findall(last)) == set(placeholder.findall(said)), last
            assert "%" not in placeholder.sub("", said), last


def test_every_icon_that_is_used_is_there() -> None:
    sources = [*DASHBOARD.glob("templates/**/*.html"), *DASHBOARD.glob("*.py")]
    text = "".join(path.read_text() for path in sources)
    named = set(re.findall(r'icon\("([a-z0-9-]+)"\)', text))
    drawn = set(
        re.findall(
            r'<symbol id="([a-z0-9-]+)"', (DASHBOARD / "static/vendor/icons.svg").read_text()
        )
    )
    assert named <= drawn
    assert drawn == ICONS


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-DE,de;q=0.9", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("zh-Hant-HK", "zh-TW"),
        ("ms-MY,ms;q=0.9,en;q=0.5", "ms"),
        ("ms;q=0.3, en;q=0.8", "en"),
        ("en;q=nonsense, ms", "ms"),
    ],
)
def test_the_browsers_language_is_preferred(header: str, language: str) -> None:
    assert preferred(header, ["en", "zh-TW", "ms"]) == language
