"""What the guides tell people to type, set, scan and look for is what the programs take and say."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from cloud.dashboard.words import STATES
from cloud.main.commands import app as cloud_app
from cloud.main.connecting import Connection
from cloud.main.settings import CloudSettings
from cloud.main.settings_loading import FILE_VARIABLE
from cloud.proofs.audit import Wrong
from edge.cli import main as edge_main
from edge.indicator.signs import SIGNS
from edge.scanner.codes import CodeKind, CodeRules, classify
from edge.scanner.typed import DEFAULT_WORDS
from edge.settings import TableSettings
from sandbox.main import main as sandbox_main

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS: dict[str, Callable[[list[str]], object]] = {
    "packwitness-edge": edge_main,
    "packwitness-cloud": cloud_app,
    "packwitness-sandbox": sandbox_main,
}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def code_of(text: str) -> Iterator[str]:
    """Lines of blocks, and pieces of code in running text."""
    for block in FENCE.findall(text):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def invocations() -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Program, its words and its options, as the guides tell to type them."""
    found = set()
    for guide in GUIDES:
        for line in code_of(guide.read_text(encoding="utf-8")):
            program, _, rest = line.strip().removeprefix(".venv/bin/").partition(" ")
            if program in PROGRAMS and rest and not rest.startswith("ready"):
                tokens = shlex.split(rest.replace("[", "").replace("]", ""), comments=True)
                words = tuple(one for one in tokens if re.fullmatch(r"[a-z]+(-[a-z]+)*", one))
                found.add((program, words, tuple(one for one in tokens if one[:2] == "--")))
    return found


def help_of(program: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        PROGRAMS[program]([*words, "--help"])
    assert end.value.code == 0, f"{program} does not know {' '.join(words)}"
    # Some build servers make typer believe that it writes to a terminal.
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_every_command_of_the_guides_exists_with_its_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    typed = invocations()
    assert {program for program, _, _ in typed} == set(PROGRAMS)
    for program, words, options in typed:
        text = help_of(program, words, capsys) + help_of(program, (), capsys)
        assert not [one for one in options if one not in text], (program, words)


def test_an_unknown_command_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError):
        help_of("packwitness-edge", ("fly",), capsys)


def names_of(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= {f"{name}.{one}" for one in kind.model_fields}
        else:
            names.add(name)
    return names


def test_every_setting_that_the_guides_name_exists() -> None:
    known = names_of(TableSettings)
    sections = "|".join(TableSettings.model_fields)
    for guide in GUIDES:
        text = guide.read_text(encoding="utf-8")
        named = set(re.findall(rf"`((?:{sections})\.[a-z_]+)", text))
        assert not {one for one in named - known if not one.endswith((".py", ".md"))}, guide.name


def test_every_environment_variable_that_the_guides_name_exists() -> None:
    launcher = "\n".join(
        (ROOT / "launcher" / name).read_text() for name in ("options.py", "ports.py")
    )
    known = set(re.findall(r'"(PACKWITNESS_[A-Z_]+)"', launcher))
    known |= {f"PACKWITNESS_{port}_PORT" for port in ("WEB", "BROKER", "SANDBOX")}
    known.add(FILE_VARIABLE)
    for prefix, model in (("CLOUD", CloudSettings), ("EDGE", TableSettings)):
        known |= {
            f"PACKWITNESS_{prefix}_{name.upper().replace('.', '__')}" for name in names_of(model)
        }
    for guide in GUIDES:
        named = set(re.findall(r"PACKWITNESS_[A-Z0-9_]+", guide.read_text(encoding="utf-8")))
        assert not named - known, guide.name


def block_with(text: str, words: str) -> str:
    (block,) = (one for one in FENCE.findall(text) if words in one)
    return str(block)


def test_the_example_of_a_shop_can_be_connected() -> None:
    example = Connection.model_validate_json(block_with(page("for-it.md"), '"channel"'))
    assert example.sending_enabled


def test_the_example_of_a_table_can_be_loaded() -> None:
    example = tomllib.loads(block_with(page("for-it.md"), "[enrolment]"))
    assert TableSettings(**example).camera.kind == "opencv"


def test_the_example_of_a_bucket_can_be_loaded() -> None:
    example = tomllib.loads(block_with(page("for-it.md"), "[s3]"))
    assert CloudSettings(**example).s3.store.server == "https://s3.example.com:9000"


def test_it_reads_of_every_answer_of_a_bucket_in_the_words_of_the_log() -> None:
    source = (ROOT / "cloud" / "photos" / "s3_errors.py").read_text(encoding="utf-8")
    source += (ROOT / "cloud" / "photos" / "s3.py").read_text(encoding="utf-8")
    _, _, table = page("for-it.md").partition("| the start or the log says, ")
    told = re.findall(r"^\|(.+?)\|", table.partition("\n\n")[0], re.MULTILINE)
    said = [words for row in told for words in re.findall(r"`(.+?)`", row)]
    assert len(said) > 10
    assert not [words for words in said if words not in source]


def test_it_reads_of_everything_that_check_may_find() -> None:
    _, _, table = page("for-it.md").partition("| it says | it means |")
    rows = re.findall(r"^\| (`.+?) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert set(re.findall(r"`(.+?)`", " ".join(rows))) == set(Wrong)


def test_packers_read_of_every_sign_with_its_colour() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| (\w+), ", page("for-packers.md"), re.MULTILINE)
    assert sorted(rows) == sorted((look.title, look.colour.value) for look in SIGNS.values())


def test_packers_read_of_keys_and_barcodes_that_exist() -> None:
    text = page("for-packers.md")
    barcodes = set(re.findall(r"`(PW-[A-Z]+)`", text))
    kinds = {code: classify(code, CodeRules()).kind for code in barcodes}
    assert set(kinds.values()) == {CodeKind.ACTION, CodeKind.MODE}
    assert "`PW-BADGE-`" in text
    keys = dict(re.findall(r"^\| (F\d|Esc) \| (\w) \|", text, re.MULTILINE))
    assert set(keys.values()) == set(DEFAULT_WORDS)


def test_sellers_read_of_every_state_in_the_words_of_the_log() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", page("for-sellers.md"), re.MULTILINE)
    assert sorted(rows) == sorted(badge.text for badge in STATES.values())
