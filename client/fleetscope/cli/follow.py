"""Rows of a session to stdout, as they arrive, all of them."""

import json
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from fleetscope.cli.rowtable import RowTable
from fleetscope.client import Client, whole_lines
from fleetscope.models import Session


def follow(client: Client, session: Session, output: str) -> None:
    """Returns when the session has ended and every row is written. Raises BrokenPipeError when nobody reads."""
    out = sys.stdout.buffer
    with client.row_bytes(session["id"]) as chunks:
        if output == "ndjson":
            _write_chunks(chunks, out)
        elif output == "json":
            _write_array(chunks, out)
        else:
            _write_table(chunks, out, _table(client, session))


def stdout_is_gone() -> None:
    """After a BrokenPipeError: keep the interpreter from failing once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _table(client: Client, session: Session) -> RowTable:
    return RowTable(client.tool(session["tool"])["streams"][0]["columns"])


def _write_chunks(chunks: Iterator[bytes], out: BinaryIO) -> None:
    for chunk in chunks:
        out.write(chunk)
        out.flush()


def _write_array(chunks: Iterator[bytes], out: BinaryIO) -> None:
    before = b"[\n"
    for line in whole_lines(chunks):
        out.write(before + line)
        out.flush()
        before = b",\n"
    out.write(b"\n]\n" if before == b",\n" else b"[]\n")
    out.flush()


def _write_table(chunks: Iterator[bytes], out: BinaryIO, table: RowTable) -> None:
    for line in whole_lines(chunks):
        for text in table.lines(json.loads(line)):
            out.write(text.encode() + b"\n")
        out.flush()
