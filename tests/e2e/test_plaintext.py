"""What people and programs say in plain text: refused by the default policy, traced where a host allows it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from proto.text import unescape
from tests.e2e.stack import Stack, plaintext_allowed
from tests.workloads import tls
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

RECORDS = 13


def record(number: int) -> bytes:
    """As tls.c makes it."""
    return bytes((number + at) % 251 for at in range(number * 977 % 40000 + 1))


def test_the_default_policy_refuses_plaintext(stack: Stack) -> None:
    refused = stack.command("start", "sslsniff", "--pid", str(os.getpid()), "--detach", check=False)
    assert refused.returncode != 0
    assert b"does not allow risk class S3" in refused.stderr


def test_tls_is_stored_and_exported_byte_for_byte(stack: Stack, tmp_path: Path) -> None:
    program = build("tls.c", tmp_path, "-lssl", "-lcrypto")
    files = [str(path) for path in tls.certificate(tmp_path)]
    with plaintext_allowed(stack), running(program, *files, RECORDS, 1) as talking:
        session = stack.detach("sslsniff", "--pid", str(talking.pid))
        talking.go()
        talking.finish()
    ended = stack.wait_state(session, "ended")
    assert ended["books"] == "complete", ended["books_message"]
    expected = [(len(record(number)), record(number)[:32768]) for number in range(RECORDS)]
    lines = stack.command("export", session, "--format", "ndjson", "--stream", "data", "-o", "-").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["size"], unescape(row["data"])) for row in rows if row["direction"] == "out"] == expected
    parquet = tmp_path / "rows.parquet"
    stack.command("export", session, "--format", "parquet", "--stream", "data", "-o", str(parquet))
    table = pq.read_table(parquet, columns=["direction", "size", "data"])
    sent = [row for row in table.to_pylist() if row["direction"] == b"out"]
    assert [(row["size"], row["data"]) for row in sent] == expected
