"""Rules about the files of this project that no linter of others knows."""

import ast
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PRODUCT = ("edge", "cloud", "wire", "sandbox", "launcher")

LINES_WITHOUT_A_REASON = 400
LINES_AT_MOST = 600
LONG_FILES: dict[str, str] = {}
"""Files between the two limits: why each is better whole."""
GENERATED = re.compile(r"^cloud/migrations/versions/")

# Put together here, as this file obeys its own rule.
REGISTRY_HOSTS = [
    ".".join(words)
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("piwheels", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
    )
]


@cache
def files() -> tuple[str, ...]:
    """Paths of all files that are committed, or would be."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return tuple(path for path in sorted(set(listing.split("\0"))) if (ROOT / path).is_file())


def python_files(*folders: str) -> list[str]:
    return [
        path
        for path in files()
        if path.endswith(".py") and (not folders or path.split("/")[0] in folders)
    ]


def line_count(path: str) -> int:
    return len((ROOT / path).read_text().splitlines())


def parse(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), path)


def read_pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_no_file_is_too_long() -> None:
    lengths = {path: line_count(path) for path in python_files() if not GENERATED.match(path)}
    too_long = {path: count for path, count in lengths.items() if count > LINES_AT_MOST}
    unexplained = {
        path: count
        for path, count in lengths.items()
        if count > LINES_WITHOUT_A_REASON and path not in LONG_FILES
    }
    assert not too_long, f"split these: none has more than {LINES_AT_MOST} lines"
    assert not unexplained, "split these, or give the reason in LONG_FILES"


def test_each_reason_for_a_long_file_is_still_needed() -> None:
    assert all(line_count(path) > LINES_WITHOUT_A_REASON for path in LONG_FILES)


def test_each_folder_of_code_is_a_package() -> None:
    folders = {str(Path(path).parent) for path in python_files(*PRODUCT)}
    without = {folder for folder in folders if not (ROOT / folder / "__init__.py").is_file()}
    # Alembic reads the versions as files.
    assert without <= {"cloud/migrations/versions"}


def test_each_package_says_what_it_is() -> None:
    silent = [
        path
        for path in python_files(*PRODUCT)
        if path.endswith("__init__.py") and not ast.get_docstring(parse(path))
    ]
    assert not silent


def sleeps(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
                yield node.lineno
            case ast.ImportFrom(module="time", names=names) if "sleep" in {n.name for n in names}:
                yield node.lineno


def test_nothing_waits_by_sleeping() -> None:
    """Also where the linter's ban is lifted for another reason."""
    found = [f"{path}:{line}" for path in python_files() for line in sleeps(parse(path))]
    assert not found, "wait on an event, a condition or an answer with a deadline"


@pytest.mark.parametrize("source", ["import time\ntime.sleep(1)", "from time import sleep"])
def test_a_sleep_is_found(source: str) -> None:
    assert list(sleeps(ast.parse(source)))


def impure_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as name)):
                yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today" as name)):
                yield f"{node.lineno}: {name}()"


def pure_modules() -> list[str]:
    """The paths of the modules that the import rule `pure` names."""
    contracts = read_pyproject()["tool"]["importlinter"]["contracts"]
    (rule,) = (contract for contract in contracts if contract["id"] == "pure")
    names = [name.replace(".", "/") for name in rule["source_modules"]]
    return [
        path
        for path in python_files(*PRODUCT)
        for name in names
        if path == f"{name}.py" or path.startswith(f"{name}/")
    ]


def test_pure_modules_read_no_clock_and_open_nothing() -> None:
    """Invariant 2: what needs no import (open) or an innocent one (datetime)."""
    paths = pure_modules()
    assert paths
    found = [f"{path}:{call}" for path in paths for call in impure_calls(parse(path))]
    assert not found


@pytest.mark.parametrize("source", ["datetime.now(UTC)", "date.today()", "open('x')", "print(1)"])
def test_an_impure_call_is_found(source: str) -> None:
    assert list(impure_calls(ast.parse(source)))


def test_no_file_names_a_package_registry() -> None:
    pattern = re.compile("|".join(map(re.escape, REGISTRY_HOSTS)).encode())
    assert pattern.search(REGISTRY_HOSTS[0].encode())
    assert not [path for path in files() if pattern.search((ROOT / path).read_bytes())]


def test_no_lock_holds_an_address() -> None:
    locks = [path for path in files() if path.startswith("locks/")]
    assert locks
    assert not [path for path in locks if "://" in (ROOT / path).read_text()]


def pins(role: str) -> dict[str, str]:
    text = (ROOT / "locks" / f"{role}.lock").read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


def requirements(extras: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[Requirement]:
    project, grouped = read_pyproject()["project"], read_pyproject()["dependency-groups"]
    texts = [
        *project["dependencies"],
        *(text for extra in extras for text in project["optional-dependencies"][extra]),
        *(text for group in groups for text in grouped[group] if isinstance(text, str)),
    ]
    return map(Requirement, texts)


ROLES = [
    ("table", (), ()),
    ("cloud", ("cloud",), ()),
    ("run", ("cloud", "sandbox", "devices"), ("build",)),
    ("test", ("cloud", "sandbox", "devices"), ("build", "test")),
]


@pytest.mark.parametrize(("role", "extras", "groups"), ROLES)
def test_locks_are_those_of_pyproject(
    role: str, extras: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    locked = pins(role)
    stale = [
        str(requirement)
        for requirement in requirements(extras, groups)
        if locked.get(canonicalize_name(requirement.name), "none") not in requirement.specifier
    ]
    assert not stale, "type: make lock"


def test_a_test_set_up_can_run_the_programs() -> None:
    """scripts/setup takes a test set-up for a run set-up."""
    assert pins("run").items() <= pins("test").items()


def test_names_of_test_files_are_unique() -> None:
    """Reports name the file alone."""
    names = Counter(
        Path(path).name
        for path in python_files("tests")
        if Path(path).name not in {"conftest.py", "__init__.py"}
    )
    assert not [name for name, count in names.items() if count > 1]


def decisions() -> list[str]:
    return [path for path in files() if re.match(r"docs/decisions/\d{4}-[a-z0-9-]+\.md$", path)]


def test_each_decision_has_its_four_parts() -> None:
    parts = ["## Context", "## Decision", "## Consequences", "## Alternatives"]
    assert decisions()
    for path in decisions():
        headings = re.findall(r"^## .*$", (ROOT / path).read_text(), re.MULTILINE)
        assert headings == parts, path


def test_decisions_are_numbered_without_gap_or_repeat() -> None:
    numbers = [int(Path(path).name[:4]) for path in decisions()]
    assert numbers == list(range(1, len(numbers) + 1))
