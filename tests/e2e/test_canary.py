"""What a program says through TLS stands on no disk as it was said, backups included; who may, reads it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from proto import frame
from proto.columnar import encode_body
from proto.v1.stream_pb2 import BatchHead
from tests.e2e.searching import holding
from tests.e2e.stack import Stack, eventually, plaintext_allowed
from tests.workloads import tls
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

# Stands in every longer record of tls.c, and, as it skips what a byte could still count to, in no table of all bytes.
CANARY = bytes((230 + at) % 251 for at in range(64))
RECORDS = 13


@pytest.fixture
def session(stack: Stack, tmp_path: Path) -> str:
    """Ended, with everything on the server."""
    (tmp_path / "tls").mkdir()
    program = build("tls.c", tmp_path / "tls", "-lssl", "-lcrypto")
    files = [str(path) for path in tls.certificate(tmp_path / "tls")]
    with plaintext_allowed(stack), running(program, *files, RECORDS, 1) as talking:
        started = stack.detach("sslsniff", "--pid", str(talking.pid))
        talking.go()
        talking.finish()
    assert stack.wait_state(started, "ended")["books"] == "complete"
    return started


def back_up(stack: Stack, folder: Path) -> None:
    """As the manual says: the database and the segments."""
    folder.mkdir()
    with (
        sqlite3.connect(stack.data / "server/fleetscope.sqlite3") as source,
        sqlite3.connect(folder / "db.sqlite3") as copy,
    ):
        source.backup(copy)
    shutil.copytree(stack.data / "server/segments", folder / "segments", ignore=shutil.ignore_patterns(".*"))


def control(stack: Stack, session: str, folder: Path) -> list[Path]:
    """The same rows as files of every kind in which they would stand without encryption."""
    folder.mkdir()
    raw, parquet, segment = (folder / name for name in ("rows.raw", "rows.parquet", "000000000001.seg"))
    for path in (raw, parquet):
        stack.command("export", session, "--format", path.suffix[1:], "--stream", "data", "-o", str(path))
    (rows,) = pq.read_table(parquet).combine_chunks().to_batches()
    body, size = encode_body(rows)
    segment.write_bytes(frame.encode(BatchHead(seq=1, rows=rows.num_rows, body_size=size), body))
    assert CANARY not in segment.read_bytes(), "it is compressed: the search has to look inside"
    return [raw, parquet, segment]


def test_a_canary_is_nowhere_and_the_search_would_find_it(stack: Stack, session: str, tmp_path: Path) -> None:
    back_up(stack, tmp_path / "backup")
    log = tmp_path / "log/server.log"
    log.parent.mkdir()
    log.write_text("\n".join(stack.lines), errors="surrogateescape")
    searched = (stack.data, stack.home, tmp_path / "backup", log.parent)
    assert list((tmp_path / "backup/segments" / session).rglob("*.seg")), "the session's rows are in the backup"
    assert holding(CANARY, *searched) == []
    made = control(stack, session, tmp_path / "control")
    assert sorted(holding(CANARY, tmp_path / "control")) == sorted(made)
    assert holding(CANARY, *searched) == [], "nor has reading left it anywhere"


def test_deleting_the_session_destroys_its_key_first(stack: Stack, session: str) -> None:
    key = stack.data / f"server/session-keys/{session}.key"
    assert key.stat().st_mode & 0o777 == 0o600
    stack.api("DELETE", f"/api/sessions/{session}")
    eventually(lambda: not key.exists(), 30, "the key's end")
    found = stack.api("GET", "/api/audit?limit=50")
    actions = [entry["action"] for entry in found["items"] if entry["session"] == session]
    assert actions.index("session.key.destroy") == actions.index("session.delete") + 1, "newest first"
