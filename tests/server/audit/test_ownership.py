"""On a PostgreSQL of its own: what the owner can do to the audit, and what the application's role cannot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors

from server.audit.triggers import TABLES
from tests.server.processes import Server
from tests.server.test_serve import admin_token, check_one_session
from tests.services import postgres, redis

pytestmark = pytest.mark.team

WARNING = "whoever takes over this server could change the audit"
ON_EACH_TABLE = (
    "DROP TRIGGER {table}_no_change ON {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} ADD COLUMN more text",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "DROP TABLE {table} CASCADE",
    "CREATE RULE away AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE TRIGGER own BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
)
BESIDE = (
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DROP FUNCTION audit_refuse() CASCADE",
    "ALTER SCHEMA public RENAME TO other",
    "CREATE TABLE own (id integer)",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', 'x', now())",
)
DDL = [statement.format(table=table) for statement in ON_EACH_TABLE for table in TABLES] + list(BESIDE)
COLUMN = {"audit_auditentry": "id", "audit_entryhost": "id", "audit_treenode": "position", "audit_checkpoint": "size"}
# The triggers refuse these to the owner too; the application's role does not even come so far.
CHANGES = [
    *(f"UPDATE {table} SET {COLUMN[table]} = {COLUMN[table]}" for table in TABLES),
    *(f"DELETE FROM {table}" for table in TABLES),
    *(f"TRUNCATE {table} CASCADE" for table in TABLES),
]


def try_out(address: str, statement: str) -> None:
    """Never kept: a transaction that is rolled back."""
    with psycopg.connect(address) as connection:
        connection.execute(statement)
        connection.rollback()


@pytest.fixture(scope="module")
def owner() -> Iterator[str]:
    with postgres(durable=False) as address:
        yield address


@pytest.fixture(scope="module")
def server(owner: str, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Migrated by the owner, which made the application's role."""
    server = Server(tmp_path_factory.mktemp("apart"), {"DATABASE_URL": application(owner), "DATABASE_OWNER_URL": owner})
    done = server.command("migrate")
    assert done.returncode == 0, done.stderr
    return server


def application(owner: str) -> str:
    parts = urlsplit(owner)
    return f"postgresql://fleetscope_app:p%40ss@127.0.0.1:{parts.port}/fleetscope"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("statement", [*DDL, *CHANGES])
def test_the_applications_role_is_refused(owner: str, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        try_out(application(owner), statement)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("statement", DDL)
def test_the_same_is_open_to_the_owner(owner: str, statement: str) -> None:
    """The control: it is the role that is refused, not the statement."""
    try_out(owner, statement)
    with pytest.raises(errors.InsufficientPrivilege):
        try_out(application(owner), statement)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("table", TABLES)
def test_the_owner_can_change_the_audit_once_it_has_dropped_the_triggers(owner: str, table: str) -> None:
    away = "; ".join(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in TABLES)
    for change in (change for change in CHANGES if f" {table}" in change):
        try_out(owner, f"{away}; {change}")
        with pytest.raises(errors.InsufficientPrivilege):
            try_out(application(owner), change)


def test_the_servers_ordinary_work_runs_under_the_applications_role(server: Server, owner: str) -> None:
    """Without the owner's address in its environment."""
    alone = Server(server.folder, {"DATABASE_URL": application(owner)}, server.http, server.grpc)
    with redis() as channels:
        alone.extra["CHANNEL_URL"] = channels
        with alone.running("ingest"), alone.running("web"):
            alone.wait_healthy()
            asyncio.run(check_one_session(alone, admin_token(alone)))
    assert alone.command("audit", "verify").returncode == 0
    assert WARNING not in alone.log("web") + alone.log("ingest")


def test_a_server_whose_role_could_change_the_audit_says_so(server: Server, owner: str) -> None:
    under_owner = Server(server.folder, {"DATABASE_URL": owner})
    with under_owner.running():
        under_owner.wait_healthy()
    assert WARNING in under_owner.log("run")
    assert "is a superuser" in under_owner.log("run")
    assert "owns tables of the audit" in under_owner.log("run")


@pytest.mark.parametrize(
    ("right", "way"),
    [
        *((f"{name} ON audit_auditentry", "may change, empty") for name in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")),
        ("UPDATE (reason) ON audit_auditentry", "may change, empty"),
        ("fleetscope", "owns tables of the audit"),
    ],
)
def test_one_right_too_many_is_named(server: Server, owner: str, right: str, way: str) -> None:
    alone = Server(server.folder, {"DATABASE_URL": application(owner)})
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"GRANT {right} TO fleetscope_app")
        try:
            (server.folder / "run.log").unlink(missing_ok=True)  # of a server before
            with alone.running("run"):
                alone.wait_healthy()
        finally:
            connection.execute(f"REVOKE {right} FROM fleetscope_app")
    assert WARNING in alone.log("run")
    assert way in alone.log("run")


def test_a_table_of_the_next_version_is_open_after_the_next_migrate(server: Server, owner: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE newer (id integer)")
    with pytest.raises(errors.InsufficientPrivilege):
        try_out(application(owner), "INSERT INTO newer VALUES (1)")
    assert server.command("migrate").returncode == 0
    try_out(application(owner), "INSERT INTO newer VALUES (1)")
    with pytest.raises(errors.InsufficientPrivilege):
        try_out(application(owner), "DELETE FROM audit_auditentry")


def test_an_owner_that_is_the_application_is_no_owner_apart(server: Server, owner: str, tmp_path: Path) -> None:
    done = Server(tmp_path, {"DATABASE_URL": owner, "DATABASE_OWNER_URL": owner}).command("migrate")
    assert done.returncode == 1
    assert "DATABASE_OWNER_URL needs a DATABASE_URL that names another role" in done.stderr
    assert os.fspath(owner) not in done.stderr


def test_an_owner_need_not_be_a_superuser(owner: str, tmp_path: Path) -> None:
    """As docs/how-to/database-owner.md sets both roles up by hand."""
    port = urlsplit(owner).port
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'x'; CREATE ROLE plain_app LOGIN PASSWORD 'y'")
        connection.execute("CREATE DATABASE plain OWNER plain")
    with psycopg.connect(f"postgresql://fleetscope@127.0.0.1:{port}/plain", autocommit=True) as connection:
        connection.execute("ALTER SCHEMA public OWNER TO plain")
    roles = [f"postgresql://{role}@127.0.0.1:{port}/plain" for role in ("plain_app:y", "plain:x")]
    done = Server(tmp_path, {"DATABASE_URL": roles[0], "DATABASE_OWNER_URL": roles[1]}).command("migrate")
    assert done.returncode == 0, done.stderr
    alone = Server(tmp_path, {"DATABASE_URL": roles[0]})
    with alone.running():
        alone.wait_healthy()
    assert WARNING not in alone.log("run")
    with pytest.raises(errors.InsufficientPrivilege):
        try_out(roles[0], "DROP TRIGGER audit_auditentry_no_change ON audit_auditentry")
    try_out(roles[1], "DROP TRIGGER audit_auditentry_no_change ON audit_auditentry")
