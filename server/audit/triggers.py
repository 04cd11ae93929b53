"""The database's own refusal to change or delete anything of the audit, on SQLite and PostgreSQL."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

MESSAGE = "the audit is append-only"

# Table -> when an insert would take the place of a row, which no other trigger is asked about: INSERT OR REPLACE.
TABLES = {
    "audit_auditentry": "id >= NEW.id",
    "audit_entryhost": "id = NEW.id",
    "audit_treenode": "position = NEW.position",
    "audit_checkpoint": "size >= NEW.size",
}


def install(connection: BaseDatabaseWrapper) -> None:
    _run(connection, _postgres_install() if connection.vendor == "postgresql" else _sqlite_install())


def remove(connection: BaseDatabaseWrapper) -> None:
    """For the migration backwards, and for tests that clear their database."""
    _run(connection, _postgres_remove() if connection.vendor == "postgresql" else _sqlite_remove())


def _sqlite_install() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    statements = []
    for table, taken in TABLES.items():
        replaces = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 (all of it stands above)
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {replaces} {refuse}",
        ]
    return statements


def _sqlite_remove() -> list[str]:
    return [f"DROP TRIGGER {table}_no_{verb}" for table in TABLES for verb in ("update", "delete", "replace")]


def _postgres_install() -> list[str]:
    body = f"LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    statements = [f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger {body}"]
    for table in TABLES:
        refuse = "EXECUTE FUNCTION audit_refuse()"
        statements += [
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {refuse}",
        ]
    return statements


def _postgres_remove() -> list[str]:
    dropped = [f"DROP TRIGGER {table}_no_{verb} ON {table}" for table in TABLES for verb in ("change", "truncate")]
    return [*dropped, "DROP FUNCTION audit_refuse()"]


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
