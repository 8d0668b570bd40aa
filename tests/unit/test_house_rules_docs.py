"""Rules about the documents: links lead somewhere, and what they tell to type exists."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together here, as this file obeys its own rule.
MACHINE_PATHS = re.compile("(?<![\\w.:])/(" + "|".join(["work", "tmp", "home", "root"]) + ")/")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@cache
def documents() -> tuple[str, ...]:
    """Paths of all documents that are committed, or would be."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(path for path in sorted(set(listing.split("\0"))) if (ROOT / path).is_file())


@cache
def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def links(text: str) -> list[str]:
    """Targets of links and pictures, outside of code."""
    return LINK.findall(SPAN.sub("", FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """Names of a page's headings, as the usual hosts make them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        copies = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", one) is not None for one in found)
        found.add(f"{name}-{copies}" if copies else name)
    return found


def broken_links(path: str, text: str) -> Iterator[str]:
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / path).parent / file if file else ROOT / path
        if not target.exists():
            yield f"{path}: {link}: there is no such file"
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{path}: {link}: there is no such heading"


def code(text: str) -> Iterator[str]:
    """Lines of code, in blocks and in running text."""
    for block in FENCE.findall(text):
        yield from block.splitlines()[1:-1]
    for span in SPAN.findall(FENCE.sub("", text)):
        yield span.strip("`")


def make_targets(text: str) -> set[str]:
    """Targets of make that a document tells to type."""
    called = (re.match(r"(?:[A-Z_]+=\S+ )*make ([a-z-]+)", line.strip()) for line in code(text))
    return {match[1] for match in called if match}


def commands(text: str) -> set[str]:
    """Programs of ours that a document names."""
    return set(re.findall(r"\bpackwitness-[a-z]+\b(?!/)", "\n".join(code(text))))


def test_there_are_documents_for_each_reader() -> None:
    wanted = {f"docs/for-{reader}.md" for reader in ("packers", "it", "sellers")}
    assert wanted | {"README.md", "CONTRIBUTING.md", "docs/architecture.md"} <= set(documents())
    reachable = set(links(read("README.md")))
    assert wanted <= reachable


@pytest.mark.parametrize("path", documents())
def test_every_link_leads_somewhere(path: str) -> None:
    assert not list(broken_links(path, read(path)))


@pytest.mark.parametrize(
    "text", ["[a](no-such-file.md)", "![a](no.png)", "[a](#nowhere)", "[a](docs/sandbox.md#no)"]
)
def test_a_broken_link_is_found(text: str) -> None:
    assert list(broken_links("README.md", text))


def test_code_is_not_taken_for_links() -> None:
    text = "```\n[a](no.md)\n```\n`[a](no.md)`"
    assert not list(broken_links("README.md", text))


def test_a_heading_gives_its_anchor() -> None:
    assert anchors("# What `make run` does, at first\n## A\n## A\n") == {
        "what-make-run-does-at-first",
        "a",
        "a-1",
    }


def test_every_make_target_that_is_named_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {path: make_targets(read(path)) for path in documents()}
    assert {"run", "test", "demo"} <= named["README.md"]
    assert not {path: targets - known for path, targets in named.items() if targets - known}


def test_every_program_that_is_named_exists() -> None:
    known = set(tomllib.loads(read("pyproject.toml"))["project"]["scripts"])
    named = {path: commands(read(path)) for path in documents()}
    assert set().union(*named.values()) == known
    assert not {path: names - known for path, names in named.items() if names - known}


def test_no_document_names_a_path_of_one_machine() -> None:
    assert MACHINE_PATHS.search("look into " + "/".join(["", "home", "ann", "x"]))
    assert not [path for path in documents() if MACHINE_PATHS.search(read(path))]
