"""Rows of a session to stdout, as they arrive, all of them."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from fleetscope.cli.output import note, printable_json
from fleetscope.cli.raw import write_raw
from fleetscope.cli.remarks import Remarks, remarks_told
from fleetscope.cli.rowtable import RowTable
from fleetscope.cli.silence import silence_told
from fleetscope.client import Client
from fleetscope.models import Session


@dataclass(frozen=True, slots=True)
class Form:
    """How rows are written. `direction`: of raw, only "in" or "out"."""

    output: str
    direction: str | None = None


def follow(client: Client, session: Session, form: Form) -> None:
    """Returns when the session has ended and every row is written. Raises BrokenPipeError when nobody reads."""
    with silence_told(session["hosts"]), remarks_told(session["id"]) as remarks:
        _follow(client, session, form, remarks)
        remarks.tell(client.session(session["id"])["runs"])


def _follow(client: Client, session: Session, form: Form, remarks: Remarks) -> None:
    out = sys.stdout.buffer
    if form.output == "raw":
        return write_raw(client, session, out, form.direction)
    blocks = client.row_blocks(session["id"], on_outage=note)
    if form.output == "table":
        return _write_table(blocks, out, _Tables(client, session, remarks))
    if out.isatty():
        blocks = map(_shown, blocks)
    return _write_lines(blocks, out) if form.output == "ndjson" else _write_array(blocks, out)


def stdout_is_gone() -> None:
    """After a BrokenPipeError: keep the interpreter from failing once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Tables:
    """One for each stream, with the columns that its run really sends, known from its first row on."""

    def __init__(self, client: Client, session: Session, remarks: Remarks) -> None:
        self._client = client
        self._session = session["id"]
        self._remarks = remarks
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        self._tables: dict[str, RowTable] = {}
        self._last = ""

    def lines(self, row: dict[str, Any]) -> list[str]:
        stream = str(row.pop("stream", ""))
        if stream not in self._tables:
            self._tables[stream] = RowTable(lambda: self._columns(stream), self._width)
        anew, self._last = stream != self._last, stream
        return self._tables[stream].lines(row, anew=anew)

    def _columns(self, stream: str) -> list[dict[str, Any]]:
        """On all hosts that have attached."""
        runs = self._client.session(self._session)["runs"]
        self._remarks.tell(runs)
        streams = [found for run in runs for found in (run["schema"] or {}).get("streams", [])]
        return [column for found in streams if stream in ("", found["name"]) for column in found["columns"]]


def _shown(block: bytes) -> bytes:
    return b"".join(printable_json(line).encode() + b"\n" for line in block.decode().split("\n") if line)


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


def _write_table(blocks: Iterator[bytes], out: BinaryIO, tables: _Tables) -> None:
    for block in blocks:
        for line in block.splitlines():
            out.write("".join(f"{text}\n" for text in tables.lines(json.loads(line))).encode())
        out.flush()
