"""A counted workload, traced from the command line: every open arrives once, whole, and every export says the same."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proto.text import escape
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

COUNT = 10_007


@pytest.fixture(scope="module")
def opened(stack: Stack) -> tuple[str, list[dict[str, object]]]:
    """The session that watched 10,007 opens at 2,000/s, and the rows that the command printed meanwhile."""
    with workload("open_paths.py", COUNT, 2000, "/nonexistent/main-road-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s", "--reason", "main road")
        watching = stack.spawn("watch", session, "--output", "ndjson")
        busy.go()
        busy.finish()
    out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0, err.decode()
    return session, [json.loads(line) for line in out.splitlines()]


def ours(rows: list[dict[str, object]]) -> list[str]:
    return [str(row["path"]) for row in rows if "main-road-" in str(row["path"])]


def test_every_open_is_printed_once_while_it_happens(opened: tuple[str, list[dict[str, object]]]) -> None:
    paths = ours(opened[1])
    assert len(paths) == COUNT
    assert set(paths) == {f"/nonexistent/main-road-{number}" for number in range(COUNT)}


def test_the_session_ended_with_its_target_and_its_books_are_complete(
    stack: Stack, opened: tuple[str, list[dict[str, object]]]
) -> None:
    session = stack.session(opened[0])
    assert session["state"] == "ended"
    assert session["books"] == "complete"
    ledger = session["runs"][0]["ledger"]
    assert ledger["seen"] == ledger["stored"] == len(opened[1])


def exported(stack: Stack, session: str, form: str, folder: Path) -> bytes:
    file = folder / f"rows.{form}"
    stack.command("export", session, "--format", form, "-o", str(file))
    return file.read_bytes()


def test_every_export_holds_the_same_rows(
    stack: Stack, opened: tuple[str, list[dict[str, object]]], tmp_path: Path
) -> None:
    session, rows = opened
    paths = [str(row["path"]) for row in rows]
    lines = exported(stack, session, "ndjson", tmp_path).splitlines()
    table = list(csv.DictReader(io.StringIO(exported(stack, session, "csv", tmp_path).decode())))
    arrow = pa.ipc.open_stream(exported(stack, session, "arrow", tmp_path)).read_all()
    parquet = pq.read_table(io.BytesIO(exported(stack, session, "parquet", tmp_path)))
    assert [json.loads(line)["path"] for line in lines] == paths
    assert [row["path"] for row in table] == paths
    for columns in (arrow, parquet):
        assert [escape(path) for path in columns.column("path").to_pylist()] == paths


def test_long_and_broken_names_arrive_whole(stack: Stack) -> None:
    long = b"/".join([b"", *[b"d" * 200] * 25])[:4089] + b"-end-"  # 4,095 bytes with its number
    broken = b"/nonexistent/\xff\xfe caf\xc3\xa9 \\ \x1b[31m"
    for prefix in (long, broken):
        with workload("open_paths.py", 7, 1000, prefix) as busy:
            session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "30s")
            busy.go()
            busy.finish()
        stack.wait_state(session, "ended")
        lines = stack.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
        wanted = {escape(prefix + str(number).encode()) for number in range(7)}
        assert wanted <= {json.loads(line)["path"] for line in lines}


def test_the_row_limit_is_exact_and_the_rest_is_counted(stack: Stack) -> None:
    with workload("open_paths.py", 2003, 5000, "/nonexistent/limited-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--rows", "101", "--duration", "30s")
        busy.go()
        busy.finish()
    ended = stack.wait_state(session, "ended")
    assert ended["rows"] == 101, (ended["books_message"], ended["runs"][0]["ledger"])
    assert ended["books"] == "limited"
    assert ended["runs"][0]["end"]["cause"] == "rows"
