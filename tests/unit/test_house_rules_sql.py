"""The source of the cloud holds no statement that the organisation filter cannot reach.

Invariant 8 and design section 7: plain tables, SQL text and bare connections stay in
cloud/database and cloud/migrations; system sessions are opened only where no caller is known.
"""

import ast
from pathlib import Path

import pytest

CLOUD = Path(__file__).parents[2] / "cloud"
FREE = ("database", "migrations")
# Folders that work for all organisations, and the files directly in cloud/, which join them.
SYSTEM_FOLDERS = ("database", "migrations", "dispatcher", "sync", "link", "api", "broker", "main")
# Files elsewhere that must look before they know whose caller it is: say which and why.
SYSTEM_FILES = {
    "accounts/passwords_by_mail.py": "a browser shows nothing but an address or a link's code",
    "mail/postman.py": "one thread sends the mails of all organisations",
    "fleet/enrolment.py": "a table that enrols shows nothing but its claim code",
    "fleet/renewal.py": "a device that renews shows nothing but its id and password",
    "accounts/signing_in.py": "a browser shows nothing but a password or a cookie",
}

BANNED_ATTRIBUTES = {
    "__table__": "a plain table",
    "__mapper__": "a mapper, which gives the plain table",
    "local_table": "a plain table",
    "persist_selectable": "a plain table",
    "exec_driver_sql": "SQL text",
    "begin_nested": "a savepoint",
    "connection": "a bare connection",
    "bulk_save_objects": "a bulk method",
    "bulk_insert_mappings": "a bulk method",
    "bulk_update_mappings": "a bulk method",
}
# Also innocent words: only a method called on a session is meant.
ONLY_ON_SESSIONS = {"connection"}
BANNED_CALLS = {"text": "SQL text", "literal_column": "SQL text", "create_engine": "an engine"}


def cloud_files() -> list[Path]:
    files = sorted(CLOUD.rglob("*.py"))
    return [path for path in files if path.relative_to(CLOUD).parts[0] not in FREE]


def leaks(source: str) -> list[str]:
    """Return "line: what" for everything in the source that the filter would not reach."""
    tree = ast.parse(source)
    sql_names = _imported_from_sqlalchemy(tree)
    found = []
    for node in ast.walk(tree):
        what = _leak(node, sql_names)
        if what is not None:
            found.append(f"{getattr(node, 'lineno', 0)}: {what}")
    return found


def _imported_from_sqlalchemy(tree: ast.AST) -> dict[str, str]:
    """Return local names of what is imported from SQLAlchemy, so that an alias does not hide it."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
    }


def _leak(node: ast.AST, sql_names: dict[str, str]) -> str | None:
    if isinstance(node, ast.Attribute) and node.attr in BANNED_ATTRIBUTES:
        on_session = isinstance(node.value, ast.Name) and node.value.id == "session"
        if on_session or node.attr not in ONLY_ON_SESSIONS:
            return BANNED_ATTRIBUTES[node.attr]
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Name):
            return BANNED_CALLS.get(sql_names.get(called.id, ""))
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            through_package = called.value.id in {"sqlalchemy", "sa", "sql", "expression"}
            return BANNED_CALLS.get(called.attr) if through_package else None
    return None


def opens_system_sessions(source: str) -> bool:
    """Say whether the source imports `system` from the scope module."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "cloud.database.scope"
        and any(alias.name == "system" for alias in node.names)
        for node in ast.walk(ast.parse(source))
    )


def test_cloud_has_files_to_check() -> None:
    assert len(cloud_files()) > 5


@pytest.mark.parametrize("path", cloud_files(), ids=lambda path: str(path.relative_to(CLOUD)))
def test_no_statement_escapes_the_organisation_filter(path: Path) -> None:
    assert leaks(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", cloud_files(), ids=lambda path: str(path.relative_to(CLOUD)))
def test_system_sessions_are_opened_only_where_no_caller_is_known(path: Path) -> None:
    parts = path.relative_to(CLOUD).parts
    allowed = len(parts) == 1 or parts[0] in SYSTEM_FOLDERS or "/".join(parts) in SYSTEM_FILES
    assert allowed or not opens_system_sessions(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "select(Order.__table__)",
        "Order.__mapper__.local_table",
        "from sqlalchemy import text\ntext('SELECT 1')",
        "from sqlalchemy import text as sql\nsql('SELECT 1')",
        "from sqlalchemy.sql import text\ntext('SELECT 1')",
        "import sqlalchemy as sa\nsa.text('SELECT 1')",
        "from sqlalchemy import literal_column\nliteral_column('name')",
        "session.connection().execute(x)",
        "session.bulk_save_objects([])",
        "connection.exec_driver_sql('SELECT 1')",
    ],
)
def test_leak_is_found(source: str) -> None:
    assert len(leaks(source)) >= 1


@pytest.mark.parametrize(
    "source",
    [
        "from cloud.texts import text\ntext('hello')",
        "select(Order).where(Order.id == 1)",
        "self.connection.close()",
        "__tablename__ = 'orders'",
    ],
)
def test_harmless_code_is_left_alone(source: str) -> None:
    assert leaks(source) == []
