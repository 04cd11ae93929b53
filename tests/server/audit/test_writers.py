"""Several processes write one log on PostgreSQL: no number is left out or given twice, and the tree holds them all."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from server import keys
from tests.server.processes import ROOT, Server
from tests.services import postgres
from tests.tied import tied

WRITERS, EACH = 4, 60
# Every third is taken back after it got its number.
WRITE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"
import django
django.setup()
from django.db import connection, transaction
from server.audit.record import record
connection.ensure_connection()
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    with transaction.atomic():
        record("session.view", sys.argv[1], hosts=["web-1"], detail={"number": number})
        transaction.set_rollback(number % 3 == 2)
"""


@pytest.mark.team
def test_processes_that_write_at_once_make_one_log(tmp_path: Path) -> None:
    keys.ensure_ingest(tmp_path / "keys", ["localhost"])
    with postgres(durable=False) as address:
        server = Server(tmp_path, {"DATABASE_URL": address})
        migrated = server.command("migrate")
        assert migrated.returncode == 0, migrated.stderr
        write_at_once(server)
        with psycopg.connect(address) as connection:
            query = "SELECT id, actor, (detail->>'number')::int FROM audit_auditentry ORDER BY id"
            entries = connection.execute(query).fetchall()
        verified = server.command("audit", "verify")
    kept = [number for number in range(EACH) if number % 3 != 2]
    assert [number for number, _, _ in entries] == list(range(1, WRITERS * len(kept) + 1))
    for name in names():
        assert [number for _, actor, number in entries if actor == name] == kept
    assert sum(one[1] != other[1] for one, other in pairwise(entries)) > 2 * WRITERS, "they did not meet"
    assert verified.returncode == 0, verified.stderr
    assert f"{len(entries)} entries" in verified.stdout


def names() -> list[str]:
    return [f"writer-{number}" for number in range(WRITERS)]


def write_at_once(server: Server) -> None:
    writers = [
        subprocess.Popen(
            tied([sys.executable, "-c", WRITE, name, str(EACH)]),
            cwd=ROOT,
            env=server.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in names()
    ]
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0] * WRITERS
