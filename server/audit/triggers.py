"""The database's own refusal to change or delete an audit entry, on SQLite and PostgreSQL."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_TABLE = "audit_auditentry"
_MESSAGE = "the audit is append-only"

_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
# INSERT OR REPLACE deletes without asking the delete trigger.
_TAKEN = f"WHEN EXISTS (SELECT 1 FROM {_TABLE} WHERE id >= NEW.id)"  # noqa: S608 (nothing in it comes from outside)
_SQLITE_INSTALL = [
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON {_TABLE} {_REFUSE}",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON {_TABLE} {_REFUSE}",
    f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON {_TABLE} {_TAKEN} {_REFUSE}",
]
_SQLITE_REMOVE = [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete", "replace")]
_POSTGRES_INSTALL = [
    f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$",
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {_TABLE} EXECUTE FUNCTION audit_refuse()",
]
_POSTGRES_REMOVE = [
    f"DROP TRIGGER audit_no_change ON {_TABLE}",
    f"DROP TRIGGER audit_no_truncate ON {_TABLE}",
    "DROP FUNCTION audit_refuse()",
]


def install(connection: BaseDatabaseWrapper) -> None:
    _run(connection, _POSTGRES_INSTALL if connection.vendor == "postgresql" else _SQLITE_INSTALL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """For the migration backwards, and for tests that clear their database."""
    _run(connection, _POSTGRES_REMOVE if connection.vendor == "postgresql" else _SQLITE_REMOVE)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
