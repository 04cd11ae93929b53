import json
import os
from pathlib import Path

import pytest

from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def counted(stack: Stack) -> str:
    with workload("open_paths.py", 500, 200, "/nonexistent/counted-") as busy:
        session = stack.detach("syscount", "--pid", str(busy.pid), "--duration", "2s")
        busy.go()
        stack.wait_state(session, "ended")
    return session


def test_a_file_is_written_whole_and_named(stack: Stack, counted: str, tmp_path: Path) -> None:
    target = tmp_path / "rows.ndjson"
    done = stack.command("export", counted, "--format", "ndjson", "-o", str(target))
    assert str(target) in done.stderr.decode() and done.stdout == b""
    rows = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert rows and all("host" in row for row in rows)
    assert stack.command("export", counted, "--format", "ndjson").stdout == target.read_bytes()


def test_only_rows_that_pass_are_written(stack: Stack, counted: str) -> None:
    rows = stack.command("export", counted, "--format", "ndjson").stdout.splitlines()
    openat = [row for row in rows if json.loads(row)["syscall"] == "openat"]
    some = stack.command("export", counted, "--format", "ndjson", "--where", "syscall~OPENA", "--where", "calls>0")
    assert some.stdout.splitlines() == openat != []
    wrong = stack.command("export", counted, "--format", "csv", "--where", "calls", check=False)
    assert wrong.returncode == 1 and "'calls' is no condition" in wrong.stderr.decode()


def test_a_refused_format_leaves_the_old_file_alone(stack: Stack, counted: str, tmp_path: Path) -> None:
    target = tmp_path / "rows.folded"
    target.write_text("old")
    done = stack.command("export", counted, "--format", "folded", "-o", str(target), check=False)
    assert done.returncode == 1 and done.stderr.decode().count("\n") == 1
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(stack: Stack, counted: str, tmp_path: Path) -> None:
    target = tmp_path / "missing/rows.csv"
    done = stack.command("export", counted, "--format", "csv", "-o", str(target), check=False)
    assert done.returncode == 1
    assert str(target) in done.stderr.decode() and "-o" in done.stderr.decode()


def test_a_link_leads_to_its_file_and_the_umask_counts(stack: Stack, counted: str, tmp_path: Path) -> None:
    target, link = tmp_path / "rows.csv", tmp_path / "link"
    link.symlink_to(target)
    before = os.umask(0o077)
    try:
        stack.command("export", counted, "--format", "csv", "-o", str(link))
    finally:
        os.umask(before)
    assert link.is_symlink() and target.stat().st_mode & 0o777 == 0o600


def test_a_pipe_stays_a_pipe(stack: Stack, counted: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    stack.command("export", counted, "--format", "csv", "-o", str(pipe))
    assert pipe.is_fifo() and os.read(reader, 5) == b"host,"
    os.close(reader)
