"""Whether the build server runs the virtual table, and what it says where it does not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = "scripts/virtual-table/check"
CLOSING = "==== 4321 passed in 1980.12s (0:33:00) ===="
MAKE = f"""#!/bin/sh
# Stands for make: one line for each target, and a status that the test sets.
case "$*" in
*test-table*) echo "table tests ran"; echo "=== 9 passed in 500.00s ==="; exit "$TABLE_STATUS" ;;
*) echo "{CLOSING}"; exit "$TESTS_STATUS" ;;
esac
"""


class Checkout:
    """A small one, with the real scripts, and with programs that stand for the costly ones."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self._programs = folder / "programs"
        self._environment = {
            **os.environ,
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "VIRTUAL_TABLE_CACHE": str(folder / "cache"),
            "TESTS_STATUS": "0",
            "TABLE_STATUS": "0",
        }
        (folder / "cache").mkdir()
        self._program(self._programs / "make", MAKE)
        for name in (".ci/run", CHECK, "scripts/virtual-table/steps.sh"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.says_why_not("")
        for name in ("edge/packing.py", "wire/topics.py", "systemd/edge.service", "cloud/main.py"):
            self.write(name, "first")
        self._git("init", "-q")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def commit(self) -> None:
        self._git("add", "-A")
        self._git("-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "words")

    def says_why_not(self, reason: str) -> None:
        self._program(self.root / "scripts/virtual-table/why-not", f"#!/bin/sh\necho '{reason}'\n")

    def run(self, script: str, **statuses: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / script],
            env={**self._environment, **statuses},
            capture_output=True,
            text=True,
            check=False,
        )

    def _program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_runs_where_it_never_passed_and_not_again_where_it_did(checkout: Checkout) -> None:
    assert "table tests ran" in checkout.run(CHECK).stdout
    again = checkout.run(CHECK)
    assert again.returncode == 0
    assert "table tests ran" not in again.stdout
    assert "has passed here" in again.stdout


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("edge/packing.py", True),
        ("wire/topics.py", True),
        ("systemd/edge.service", True),
        ("scripts/virtual-table/kernel.config", True),
        ("tests/table/test_new.py", True),
        ("cloud/main.py", False),
        ("docs.md", False),
    ],
)
def test_it_runs_again_only_for_a_change_that_concerns_a_table(
    checkout: Checkout, name: str, runs: bool
) -> None:
    checkout.run(CHECK)
    checkout.write(name, "second")
    checkout.commit()
    assert ("table tests ran" in checkout.run(CHECK).stdout) is runs


def test_a_change_that_is_not_committed_yet_is_a_change(checkout: Checkout) -> None:
    checkout.run(CHECK)
    checkout.write("edge/packing.py", "second")
    assert "table tests ran" in checkout.run(CHECK).stdout


def test_what_failed_is_run_again(checkout: Checkout) -> None:
    assert checkout.run(CHECK, TABLE_STATUS="2").returncode != 0
    again = checkout.run(CHECK)
    assert again.returncode == 0
    assert "table tests ran" in again.stdout


def test_a_machine_that_cannot_says_why_and_does_not_fail(checkout: Checkout) -> None:
    checkout.says_why_not("its disk is made by root")
    for _ in range(2):  # it has not passed, so that it is no less said the next time
        said = checkout.run(CHECK)
        assert said.returncode == 0
        assert "NOT RUN" in said.stdout
        assert "its disk is made by root" in said.stdout


def test_the_closing_line_of_the_tests_comes_last(checkout: Checkout) -> None:
    said = checkout.run(".ci/run")
    assert said.returncode == 0
    assert "table tests ran" in said.stdout
    assert said.stdout.splitlines()[-1] == CLOSING


def test_failed_tests_fail_the_run_and_cost_no_virtual_table(checkout: Checkout) -> None:
    said = checkout.run(".ci/run", TESTS_STATUS="2")
    assert said.returncode == 2
    assert said.stdout.splitlines() == [CLOSING]


def test_a_failed_virtual_table_fails_the_run(checkout: Checkout) -> None:
    said = checkout.run(".ci/run", TABLE_STATUS="2")
    assert said.returncode != 0
    assert said.stdout.splitlines()[-1] == CLOSING


def test_the_reason_names_what_is_wrong_with_the_machine(tmp_path: Path) -> None:
    (tmp_path / "uname").write_text("#!/bin/sh\necho aarch64\n")
    (tmp_path / "uname").chmod(0o755)
    said = subprocess.run(
        [ROOT / "scripts/virtual-table/why-not"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "its kernel is for x86-64, and this is aarch64\n"
