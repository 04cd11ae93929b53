"""What programs and people say in plain text stands on no disk as it was said, backups included; who may, reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from proto import frame
from proto.columnar import encode_body
from proto.v1.stream_pb2 import BatchHead
from tests.e2e.backups import back_up, restore
from tests.e2e.canaries import Said, plant, sources
from tests.e2e.searching import holding
from tests.e2e.stack import Stack, eventually, own_stack, plaintext_allowed

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def said(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """By tool, each in a session of its own."""
    with plaintext_allowed(stack):
        return {tool: plant(stack, tool, one) for tool, one in sources(tmp_path_factory.mktemp("tls")).items()}


def control(stack: Stack, one: Said, folder: Path) -> list[Path]:
    """The same rows as files of every kind in which they would stand without encryption."""
    folder.mkdir()
    parquet, segment = folder / "rows.parquet", folder / "000000000001.seg"
    stream = ["--stream", one.stream] if one.stream else []
    stack.command("export", one.session, "--format", "parquet", *stream, "-o", str(parquet))
    (rows,) = pq.read_table(parquet).combine_chunks().to_batches()
    body, size = encode_body(rows)
    segment.write_bytes(frame.encode(BatchHead(seq=1, rows=rows.num_rows, body_size=size), body))
    return [segment, parquet]


def test_a_canary_is_nowhere_and_the_search_would_find_it(stack: Stack, said: dict[str, Said], tmp_path: Path) -> None:
    back_up(stack, tmp_path / "backup")
    log = tmp_path / "log/server.log"
    log.parent.mkdir()
    log.write_text("\n".join(stack.lines), errors="surrogateescape")
    searched = (stack.data, stack.home, tmp_path / "backup", log.parent)
    for tool, one in said.items():
        segments = tmp_path / "backup/segments" / one.session
        assert list(segments.rglob("*.seg")), f"{tool}: the session's rows are in the backup"
        identity = one.session.replace("-", "").encode()
        assert tmp_path / "backup/db.sqlite3" in holding(identity, tmp_path / "backup"), "the search reads the database"
        assert holding(one.canary, *searched) == [], tool
        made = control(stack, one, tmp_path / tool)
        assert sorted(holding(one.canary, tmp_path / tool)) == made, tool
        assert holding(one.canary, *searched) == [], f"{tool}: nor has reading left it anywhere"


def test_deleting_the_session_destroys_its_key_first(stack: Stack, said: dict[str, Said]) -> None:
    session = said["sslsniff"].session
    key = stack.data / f"server/session-keys/{session}.key"
    assert key.stat().st_mode & 0o777 == 0o600
    stack.api("DELETE", f"/api/sessions/{session}")
    eventually(lambda: not key.exists(), 30, "the key's end")
    found = stack.api("GET", "/api/audit?limit=50")
    actions = [entry["action"] for entry in found["items"] if entry["session"] == session]
    assert actions.index("session.key.destroy") == actions.index("session.delete") + 1, "newest first"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    with own_stack(tmp_path) as running:
        yield running


def test_a_backup_from_before_the_key_was_destroyed_gives_nothing_back(own: Stack, tmp_path: Path) -> None:
    """With the control that another session of the same backup, whose key stands, is read again."""
    everything = sources(tmp_path)
    with plaintext_allowed(own):
        gone, kept = (plant(own, tool, everything[tool]) for tool in ("bashreadline", "ttysnoop"))
    back_up(own, tmp_path / "backup")
    own.api("DELETE", f"/api/sessions/{gone.session}")
    (run,) = own.session(kept.session)["runs"]
    eventually(lambda: [path.name for path in (own.data / "agent/kept-keys").iterdir()] == [run["id"].replace("-", "")],
               60, "the end of the host's key")  # fmt: skip
    restore(own, tmp_path / "backup")
    read = {
        one: own.command("export", one.session, "--format", "ndjson", "-o", "-", check=False) for one in (gone, kept)
    }
    assert kept.canary in read[kept].stdout
    assert gone.canary not in read[gone].stdout
    assert b"are locked" in read[gone].stderr
    assert holding(gone.canary, own.data, own.home, tmp_path / "backup") == []
