"""Rows of a session to stdout, as they arrive, all of them."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from fleetscope.cli.output import note
from fleetscope.cli.rowtable import RowTable
from fleetscope.client import Client
from fleetscope.models import Session


def follow(client: Client, session: Session, output: str) -> None:
    """Returns when the session has ended and every row is written. Raises BrokenPipeError when nobody reads."""
    out = sys.stdout.buffer
    blocks = client.row_blocks(session["id"], on_outage=note)
    if output == "ndjson":
        _write_lines(blocks, out)
    elif output == "json":
        _write_array(blocks, out)
    else:
        _write_table(blocks, out, RowTable(lambda: _columns(client, session)))


def stdout_is_gone() -> None:
    """After a BrokenPipeError: keep the interpreter from failing once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _columns(client: Client, session: Session) -> list[dict[str, Any]]:
    """Of the session's first stream, on all hosts that have attached."""
    schemas = [run["schema"] for run in client.session(session["id"])["runs"]]
    return [column for schema in schemas if schema for column in schema["streams"][0]["columns"]]


def _write_lines(blocks: Iterator[bytes], out: BinaryIO) -> None:
    for block in blocks:
        out.write(block)
        out.flush()


def _write_array(blocks: Iterator[bytes], out: BinaryIO) -> None:
    before = b"[\n"
    for block in blocks:
        out.write(before + b",\n".join(block.splitlines()))
        out.flush()
        before = b",\n"
    out.write(b"\n]\n" if before == b",\n" else b"[]\n")
    out.flush()


def _write_table(blocks: Iterator[bytes], out: BinaryIO, table: RowTable) -> None:
    for block in blocks:
        for line in block.splitlines():
            out.write("".join(f"{text}\n" for text in table.lines(json.loads(line))).encode())
        out.flush()
