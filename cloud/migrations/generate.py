"""For developers: writes the migration from the last one to what the models say now.

Usage: python -m cloud.migrations.generate "add customers"
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from cloud.database.engine import make_engines
from cloud.migrations.upgrade import configuration, upgrade

VERSIONS = Path(__file__).parent / "versions"


def generate(message: str) -> None:
    """Write versions/<number>_<message>.py. Read it: a rename looks like a drop and an add."""
    number = f"{1 + len(list(VERSIONS.glob('[0-9]*.py'))):04d}"
    with tempfile.TemporaryDirectory() as folder:
        engines = make_engines(f"sqlite:///{Path(folder) / 'schema.sqlite'}")
        try:
            upgrade(engines)
            with engines.writer.begin() as connection:
                config = configuration(connection)
                command.revision(config, message=message, autogenerate=True, rev_id=number)
        finally:
            engines.dispose()
    (script,) = VERSIONS.glob(f"{number}_*.py")
    lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
    script.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", str(script)], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what the migration does, in a few words")
    generate(parser.parse_args().message)
