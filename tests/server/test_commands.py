from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.processes import ROOT, Server

PASSWORD = "correct horse battery"


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_an_unmigrated_database_is_named(server: Server) -> None:
    for command in (
        ["web"],
        ["ingest"],
        ["onetime"],
        ["user", "list"],
        ["user", "password", "a"],
        ["token", "admin"],
        ["audit", "verify"],
        ["storage", "show"],
        ["ca", "show"],
        ["ca", "rotate"],
        ["ca", "finish"],
    ):
        done = server.command(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "fleetscope server: the database is of another version; run `python -m server migrate` first\n"
        )


def test_a_bad_variable_is_one_line(server: Server) -> None:
    server.extra["FLEETSCOPE_GRPC"] = "nowhere"
    done = server.command("migrate")
    assert done.returncode == 1
    assert done.stderr == (
        "fleetscope server: FLEETSCOPE_GRPC='nowhere' is not HOST:PORT; set it to an address such as localhost:8000\n"
    )


def test_people_tokens_and_the_audit_from_the_console(server: Server) -> None:
    assert server.command("migrate").returncode == 0
    first = server.command("onetime").stdout.split()
    second = server.command("onetime").stdout.split()
    assert first[0] == second[0] == "admin"
    assert first[1] != second[1]
    assert server.command("user", "add", "ann", "--role", "tracer", text=f"{PASSWORD}\n").returncode == 0
    taken = server.command("user", "add", "ann", text=f"{PASSWORD}\n")
    assert (
        taken.stderr
        == "fleetscope server: there is a user ann already, and case tells no names apart; choose another name\n"
    )
    assert server.command("user", "list").stdout == "admin\tadmin\tactive\nann\ttracer\tactive\n"
    assert server.command("token", "ann").stdout.startswith("fst1.")
    bounded = server.command("token", "ann", "--risk", "s1")
    assert bounded.returncode == 1 and "choose one of these scopes" in bounded.stderr
    unknown = server.command("token", "bob")
    assert (unknown.returncode, "no active user bob" in unknown.stderr) == (1, True)
    assert server.command("user", "password", "admin", text=f"{PASSWORD}\n").returncode == 0
    assert server.command("onetime").stdout == ""
    assert server.command("user", "reset", "ann").returncode == 0
    assert "no user bob" in server.command("user", "reset", "bob").stderr
    verified = server.command("audit", "verify")
    assert verified.stdout.startswith("9 entries, all in order; 0 of them signed; root ")


def test_the_bounds_of_the_store_from_the_console(server: Server) -> None:
    server.command("migrate")
    shown = server.command("storage", "set", "--quota", "50GB", "--days", "30").stdout.splitlines()
    assert shown[0] == "used\t0 B in 0 sessions"
    assert shown[2:5] == ["quota\t50 GB", "keep\tnone", "days\t30"]
    assert shown[-1] == "S3\tat least 0 h, at most 72 h"
    changed = server.command("storage", "set", "--class", "S3=24:48").stdout.splitlines()
    assert changed[-1] == "S3\tat least 24 h, at most 48 h"
    assert server.command("storage", "sweep").stdout == "0 sessions deleted\n"
    wrong = server.command("storage", "set", "--quota", "50")
    assert wrong.stderr == "fleetscope server: '50' is no size; write it like 50GB\n"


def test_two_names_that_differ_in_case_stop_the_migration_until_one_is_renamed(server: Server) -> None:
    assert server.command("migrate").returncode == 0
    assert server.command("user", "add", "Ann", text=f"{PASSWORD}\n").returncode == 0
    _make_as_of_old(server, "ann")
    stopped = server.command("migrate")
    assert (stopped.returncode, stopped.stderr) == (
        1,
        "fleetscope server: names that differ only in case become one account, and there are Ann and ann: "
        "rename all but one of them with `python -m server user rename NAME NEW_NAME`, then migrate again\n",
    )
    taken = server.command("user", "rename", "ann", "ANN")
    assert (taken.returncode, "there is a user Ann already" in taken.stderr) == (1, True)
    assert server.command("user", "rename", "ann", "ann.b").returncode == 0
    assert server.command("migrate").returncode == 0
    assert server.command("user", "list").stdout == "Ann\tviewer\tactive\nann.b\tviewer\tactive\n"


def _make_as_of_old(server: Server, username: str) -> None:
    """The database as it was while names that differ in case were two, with a copy of the only account."""
    back = [sys.executable, "-m", "django", "migrate", "accounts", "0001", "--verbosity=0"]
    subprocess.run(back, cwd=ROOT, env={**server.env, "DJANGO_SETTINGS_MODULE": "server.settings"}, check=True)
    with sqlite3.connect(server.folder / "server/fleetscope.sqlite3") as database:
        columns = "password, role, is_active, one_time, created_at"
        copy = f"INSERT INTO accounts_user (username, {columns}) SELECT ?, {columns} FROM accounts_user"
        assert database.execute(copy, [username]).rowcount == 1


def test_a_tampered_audit_is_named(server: Server) -> None:
    server.command("migrate")
    for _ in range(3):
        server.command("onetime")
    with sqlite3.connect(server.folder / "server/fleetscope.sqlite3") as database:
        database.execute("DROP TRIGGER audit_auditentry_no_update")
        database.execute("UPDATE audit_auditentry SET actor = 'nobody' WHERE id = 2")
    done = server.command("audit", "verify")
    assert done.returncode == 1
    assert done.stderr == "fleetscope server: the audit was tampered with at entry 2: its content was changed\n"
