"""Each marketplace says what it has shown, what is to be done, and why; and it is true."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cloud.marketplaces.registry import channels

ROOT = Path(__file__).parents[2]
MARKETPLACES = ROOT / "cloud" / "marketplaces"
HOW_TO = ROOT / "docs" / "how-to-add-a-marketplace.md"
QUALITY = {channel: MARKETPLACES / channel / "quality.toml" for channel in channels()}
CORNER = ROOT / "tests" / "support" / "corner_market" / "quality.toml"
RULES: dict[str, str] = tomllib.loads((MARKETPLACES / "quality-rules.toml").read_text())
SHORTEST_REASON = 20


@cache
def names_in(path: Path) -> frozenset[str]:
    """The tests and classes of a file, as `test_x`, `TestY` and `TestY::test_z`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                inner = {one.name for one in body if isinstance(one, ast.FunctionDef)}
                found |= {name} | {f"{name}::{one}" for one in inner}
    return frozenset(found)


def trouble_with_test(reference: object) -> Iterator[str]:
    path, _, name = str(reference).partition("::")
    if not re.fullmatch(r"tests/[\w/]*test_\w+\.py", path) or not (ROOT / path).is_file():
        yield f"{path} is no file of tests"
    elif name and name not in names_in(ROOT / path):
        yield f"{path} has no {name}"


def trouble_with_answer(how: str, answer: Any) -> Iterator[str]:
    if how == "done":
        if not isinstance(answer, list) or not answer:
            yield "names no test"
            return
        for reference in answer:
            yield from trouble_with_test(reference)
    elif not isinstance(answer, str) or len(answer.strip()) < SHORTEST_REASON:
        yield f"is {how} without a reason"


def trouble_with(quality: dict[str, Any]) -> list[str]:
    """What is wrong with a quality file; nothing when it answers every rule once and truly."""
    sections = {"done", "todo", "exempt"}
    found = [f"[{name}] is no section" for name in quality if name not in sections]
    given = {how: quality.get(how, {}) for how in sorted(sections)}
    counts = Counter(rule for answers in given.values() for rule in answers)
    found += [f"{rule} is not answered" for rule in RULES if not counts[rule]]
    found += [f"{rule} is answered twice" for rule, count in counts.items() if count > 1]
    found += [f"{rule} is no rule" for rule in counts if rule not in RULES]
    for how, answers in given.items():
        for rule, answer in answers.items():
            found += [f"{rule}: {trouble}" for trouble in trouble_with_answer(how, answer)]
    return found


@pytest.mark.parametrize("path", [*QUALITY.values(), CORNER], ids=lambda path: path.parent.name)
def test_every_rule_is_answered_and_every_named_test_exists(path: Path) -> None:
    assert not trouble_with(tomllib.loads(path.read_text()))


@pytest.mark.parametrize("channel", QUALITY)
def test_nothing_is_called_proven_before_somebody_has_tried_it(channel: str) -> None:
    """The day it is, the README says with which shop, and this test goes."""
    assert "live-account" in tomllib.loads(QUALITY[channel].read_text())["todo"]
    assert "Nothing here was tried against a live shop" in (
        QUALITY[channel].with_name("README.md").read_text()
    )


def test_the_how_to_shows_every_rule_with_its_meaning() -> None:
    shown = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", HOW_TO.read_text(), re.MULTILINE))
    assert shown == RULES


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"todo": {}}, "live-account is not answered"),
        ({"exempt": {"refresh": "is not needed at all there"}}, "refresh is answered twice"),
        ({"later": {}}, "[later] is no section"),
        ({"todo": {"live-account": "later"}}, "live-account: is todo without a reason"),
        ({"exempt": {"speed": "is not known to anybody"}}, "speed is no rule"),
        ({"done": {"refresh": []}}, "refresh: names no test"),
        ({"done": {"refresh": "tests/unit/test_shopee_tokens.py"}}, "refresh: names no test"),
        ({"done": {"refresh": ["tests/unit/test_no.py"]}}, "refresh: tests/unit/test_no.py is no"),
        ({"done": {"refresh": ["cloud/metrics.py"]}}, "refresh: cloud/metrics.py is no file"),
        (
            {"done": {"refresh": ["tests/unit/test_shopee_tokens.py::test_no"]}},
            "refresh: tests/unit/test_shopee_tokens.py has no test_no",
        ),
        (
            {"done": {"refresh": ["tests/contract/test_marketplace_contract.py::TestTokens::no"]}},
            "refresh: tests/contract/test_marketplace_contract.py has no TestTokens::no",
        ),
    ],
)
def test_a_wrong_answer_is_found(change: dict[str, Any], trouble: str) -> None:
    quality = tomllib.loads(QUALITY["shopee"].read_text())
    assert any(found.startswith(trouble) for found in trouble_with({**quality, **change}))
