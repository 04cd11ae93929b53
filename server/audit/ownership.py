"""PostgreSQL: a role that owns the tables, and one for the application that can only read the audit and add to it.

Whoever owns a table may drop its triggers, so the application's role owns none: `migrate` alone connects as the owner.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from psycopg import sql

from server.audit.triggers import TABLES

_MIGRATIONS = "django_migrations"
_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
_RIGHTS = {**dict.fromkeys(TABLES, "SELECT, INSERT"), _MIGRATIONS: "SELECT"}

# Each asks about the role that is connected. A superuser holds every right and is a member of every role.
_WAYS = {
    "is a superuser": "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
    "may give itself other roles": "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user",
    "owns the schema of the audit": (
        "SELECT pg_has_role(current_user, nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = current_schema()"
    ),
    "owns tables of the audit": (
        "SELECT bool_or(pg_has_role(current_user, relowner, 'MEMBER')) FROM pg_class WHERE oid = ANY(%(tables)s)"
    ),
    "owns the function that refuses changes": (
        "SELECT bool_or(pg_has_role(current_user, proowner, 'MEMBER')) FROM pg_proc WHERE proname = 'audit_refuse'"
    ),
    "may change, empty or add triggers to tables of the audit": (
        "SELECT bool_or(has_table_privilege(current_user, oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
        " OR has_any_column_privilege(current_user, oid, 'UPDATE')) FROM pg_class WHERE oid = ANY(%(tables)s)"
    ),
}


def ways_to_alter() -> list[str]:
    """By which the role that is connected could change the audit. SQLite knows no roles: none."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(to_regclass(name)::oid) FROM unnest(%s::text[]) AS name", [list(TABLES)])
        tables = {"tables": cursor.fetchone()[0]}
        return [way for way, question in _WAYS.items() if _first(cursor, question, tables)]


def let_in(role: str, password: str) -> None:
    """To be called as the owner, after each migration. Makes the application's role if there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        name = sql.Identifier(role)
        if not _first(cursor, "SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": role}):
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, _scrambled(role, password)))
        cursor.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC, {}").format(_schema(cursor), name))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(_schema(cursor), name))
        for table in connection.introspection.table_names(cursor):
            rights = sql.SQL(_RIGHTS.get(table, _EVERYTHING))
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(sql.Identifier(table), name))
            cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(rights, sql.Identifier(table), name))
        sequences = sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}")
        cursor.execute(sequences.format(_schema(cursor), name))


def _scrambled(role: str, password: str) -> sql.Literal:
    """Salted and hashed here, so that no log of statements holds the password."""
    connection.ensure_connection()
    server: Any = connection.connection
    return sql.Literal(server.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode())


def _schema(cursor: Any) -> sql.Identifier:
    return sql.Identifier(_first(cursor, "SELECT current_schema()", {}))


def _first(cursor: Any, question: str, values: dict[str, Any]) -> Any:
    cursor.execute(question, values)
    row = cursor.fetchone()
    return row and row[0]
