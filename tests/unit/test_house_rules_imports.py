"""The import rules in pyproject.toml hold, and each of them bites (invariant 1)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "cloud", "wire", "sandbox", "launcher")

# (file to write into, an import it must not have, the rule that says so)
FORBIDDEN = [
    ("edge/stray.py", "import cloud.fleet", "programs"),
    ("cloud/link/stray.py", "import edge", "programs"),
    ("cloud/link/stray.py", "import sandbox", "programs"),
    ("sandbox/stray.py", "import cloud.marketplaces.shopee", "programs"),
    ("launcher/stray.py", "import edge", "programs"),
    ("wire/stray.py", "import cloud.link", "programs"),
    ("cloud/database/stray.py", "import cloud.accounts.models", "cloud"),
    ("cloud/orders/stray.py", "import cloud.proofs.models", "cloud"),
    ("cloud/accounts/stray.py", "import cloud.shops.models", "cloud"),
    ("cloud/proofs/stray.py", "import cloud.dispatcher", "cloud"),
    ("cloud/broker/stray.py", "import cloud.link", "cloud"),
    ("cloud/attic/__init__.py", "import json", "cloud"),
    ("cloud/orders/stray.py", "import wire.topics", "wire"),
    ("sandbox/stray.py", "import wire", "wire"),
    ("launcher/stray.py", "import wire", "wire"),
    ("wire/stray.py", "import httpx", "wire-uses"),
    ("sandbox/market/stray.py", "import sandbox.shopee.entities", "sandbox"),
    ("sandbox/shopee/stray.py", "import sandbox.platforms", "sandbox"),
    ("edge/camera/stray.py", "import cv2", "drivers"),
    ("edge/uplink/stray.py", "import paho.mqtt.client", "drivers"),
    ("cloud/dispatcher/stray.py", "import paho.mqtt.client", "drivers"),
    ("edge/indicator/signs.py", "import time", "pure"),
    ("edge/scanner/codes.py", "import socket", "pure"),
    ("wire/slices.py", "import pathlib", "pure"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def lint_imports(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-logo", "--no-cache", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_import_rules_hold(tree: Path) -> None:
    result = lint_imports(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("path", "statement", "rule"), FORBIDDEN)
def test_a_forbidden_import_is_found(tree: Path, path: str, statement: str, rule: str) -> None:
    file = tree / path
    before = file.read_text() if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{before or ''}\n{statement}\n")
    try:
        result = lint_imports(tree, "--contract", rule)
    finally:
        if before is not None:
            file.write_text(before)
        elif file.name == "__init__.py":
            shutil.rmtree(file.parent)
        else:
            file.unlink()
    assert result.returncode == 1, result.stdout
    assert "0 kept, 1 broken" in result.stdout
