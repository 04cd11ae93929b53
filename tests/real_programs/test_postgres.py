"""PostgreSQL under pgbench: a connection for each transaction, which is a process for each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from proto.v1.agent_pb2 import Filters
from tests.real_programs.tracing import tracing
from tests.services import postgres

pytestmark = pytest.mark.kernel

TRANSACTIONS = 31
BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with postgres() as url:
        port = urlsplit(url).port or 0
        pgbench(port, "--initialize", "--quiet")
        yield port


def pgbench(port: int, *words: str) -> str:
    command = [str(BINARIES / "pgbench"), "-h", "127.0.0.1", "-p", str(port), "-U", "fleetscope", *words, "fleetscope"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ask(port: int, query: str) -> str:
    command = [str(BINARIES / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "fleetscope", "-Atc", query]
    return subprocess.run([*command, "fleetscope"], check=True, capture_output=True, text=True).stdout.strip()


def postmaster(port: int) -> int:
    folder = Path(ask(port, "show data_directory"))
    return int((folder / "postmaster.pid").read_text().split()[0])


def run_load(port: int) -> None:
    said = pgbench(port, "--connect", "--select-only", "-n", "-t", str(TRANSACTIONS))
    assert f"{TRANSACTIONS}/{TRANSACTIONS}" in said


def test_the_postmaster_accepts_a_connection_for_each_transaction(port: int) -> None:
    with tracing("tcptracer", Filters(pid=postmaster(port))) as seen:
        run_load(port)
    accepted = [row for row in seen.rows if row["kind"] == b"accept"]
    assert {row["lport"] for row in accepted} == {port}
    # And one over which pgbench asks how much data there is.
    assert len(accepted) == TRANSACTIONS + 1


def test_a_process_ends_for_each_of_them(port: int) -> None:
    with tracing("exitsnoop", Filters(ppid=postmaster(port))) as seen:
        run_load(port)
        seen.run.wait_for(TRANSACTIONS + 1)
    ended = [row for row in seen.rows if row["comm"] == b"postgres"]
    assert TRANSACTIONS + 1 <= len(ended) <= TRANSACTIONS + 3, "autovacuum may have looked in"
    assert {(row["code"], row["sig"]) for row in ended} == {(0, 0)}
