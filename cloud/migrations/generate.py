"""For developers: writes the migration from the last one to what the models say now.

Usage: python -m cloud.migrations.generate "add customers"
"""

import argparse
import re
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
    script.write_text(_portable(script.read_text(encoding="utf-8")), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", str(script)], check=True)


def _portable(code: str) -> str:
    """Drop Alembic's marks, and write conditions of PostgreSQL's indexes with its own booleans.

    Alembic writes both conditions as SQLite says them, where `.is_(False)` becomes "IS 0".
    """
    lines = [line for line in code.splitlines(keepends=True) if "# ###" not in line]
    return re.sub(
        r'postgresql_where=sa\.text\("[^"]*"\)',
        lambda found: found[0].replace(" IS 0", " IS false").replace(" IS 1", " IS true"),
        "".join(lines),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what the migration does, in a few words")
    generate(parser.parse_args().message)
