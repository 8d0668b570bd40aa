"""docs/settings.md says what the settings say."""

import subprocess
import sys
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from cloud.main.settings import CloudSettings
from edge.settings import TableSettings

ROOT = Path(__file__).parents[2]


def fields(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Setting to description, sections opened."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= fields(kind, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = field.description or ""
        for part in typing.get_args(kind):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found |= fields(part, f"{prefix}{name}.NAME.")
    return found


def test_the_settings_reference_is_current() -> None:
    """`make docs` writes it anew."""
    command = [sys.executable, "scripts/settings_reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, "docs/settings.md is not current: type make docs"


@pytest.mark.parametrize("settings", [TableSettings, CloudSettings])
def test_every_setting_is_described_in_the_reference(settings: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    described = fields(settings)
    assert described
    assert not [name for name, meaning in described.items() if not meaning]
    assert not [name for name in described if f"`{name}`" not in text]
