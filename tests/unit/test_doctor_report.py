"""What the doctor says, for people and for programs."""

import json

from edge.doctor.finding import fine, wrong
from edge.doctor.report import as_json, lines

GOOD = fine("clock", "is synchronised")
BAD = wrong("camera", "no camera: 沒有", to_do="plug it in")


def test_what_is_wrong_stands_out_and_says_what_to_do() -> None:
    assert list(lines(GOOD)) == ["ok    clock: is synchronised"]
    assert list(lines(BAD)) == ["WRONG camera: no camera: 沒有", "      to do: plug it in"]


def test_the_form_for_programs_is_whole() -> None:
    """Stable: programs of others read it (docs/for-it.md)."""
    assert json.loads(as_json([GOOD, BAD])) == {
        "version": 1,
        "ok": False,
        "findings": [
            {"subject": "clock", "ok": True, "text": "is synchronised", "to_do": ""},
            {
                "subject": "camera",
                "ok": False,
                "text": "no camera: 沒有",
                "to_do": "plug it in",
            },
        ],
    }
    assert json.loads(as_json([GOOD]))["ok"] is True
