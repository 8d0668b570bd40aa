"""docs/protocol.md says what wire/ says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_protocol_reference_is_current() -> None:
    """`make docs` writes it anew."""
    command = [sys.executable, "scripts/protocol_reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, "docs/protocol.md is not current: type make docs"


def test_every_topic_of_the_contract_is_in_the_reference() -> None:
    from wire.topics import Down, Up

    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    for kind in [*Up, *Down]:
        assert f"`{kind}" in text, f"docs/protocol.md does not name {kind}"
