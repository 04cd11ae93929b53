from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from server.audit import commands
from server.audit.models import AuditEntry, Checkpoint
from server.errors import Conflict
from tests.server.audit.conftest import ENTRIES
from tests.server.processes import ROOT

pytestmark = pytest.mark.usefixtures("log")


def test_the_database_is_checked_against_heads_kept_elsewhere(tmp_path: Path) -> None:
    note = tmp_path / "note"
    newest = Checkpoint.objects.order_by("-size").first()
    assert newest is not None
    note.write_text(newest.note)
    assert commands.verify_database([note]).startswith(f"{ENTRIES} entries, all in order; {ENTRIES} of them signed; ")
    note.write_text(newest.note.replace(f"\n{ENTRIES}\n", "\n61\n"))
    with pytest.raises(Conflict, match="cannot be compared"):
        commands.verify_database([note])


def test_an_exported_log_is_checked_where_no_server_is(tmp_path: Path) -> None:
    file = tmp_path / "audit.ndjson"
    assert str(file) in commands.export_all(file, as_pack=False)
    assert AuditEntry.objects.filter(action="audit.export", actor="server console").count() == 1
    verify = [sys.executable, "-m", "server", "audit", "verify", str(file)]
    bare = {"PYTHONPATH": str(ROOT), "FLEETSCOPE_GRPC": "no address at all"}
    done = subprocess.run(verify, env=bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{ENTRIES} entries, all in order; {ENTRIES} of them signed; ")
    file.write_bytes(file.read_bytes().replace(b'"n":16}', b'"n":17}'))
    done = subprocess.run(verify, env=bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "was tampered with at entry 17: its content was changed" in done.stderr
