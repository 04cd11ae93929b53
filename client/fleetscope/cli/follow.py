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
from fleetscope.cli.rowtable import RowTable
from fleetscope.cli.silence import silence_told
from fleetscope.client import Client
from fleetscope.models import Run, Session


@dataclass(frozen=True, slots=True)
class Form:
    """How rows are written. `direction`: of raw, only "in" or "out"."""

    output: str
    direction: str | None = None


def follow(client: Client, session: Session, form: Form) -> None:
    """Returns when the session has ended and every row is written. Raises BrokenPipeError when nobody reads."""
    with silence_told(session["hosts"]):
        _follow(client, session, form)


def _follow(client: Client, session: Session, form: Form) -> None:
    out = sys.stdout.buffer
    if form.output == "raw":
        return write_raw(client, session, out, form.direction)
    blocks = client.row_blocks(session["id"], on_outage=note)
    if form.output == "table":
        return _write_table(blocks, out, _Tables(client, session, shutil.get_terminal_size().columns))
    if out.isatty():
        blocks = map(_shown, blocks)
    return _write_lines(blocks, out) if form.output == "ndjson" else _write_array(blocks, out)


def stdout_is_gone() -> None:
    """After a BrokenPipeError: keep the interpreter from failing once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Tables:
    """One for each stream, with the columns that its run really sends, known from its first row on."""

    def __init__(self, client: Client, session: Session, width: int) -> None:
        self._client = client
        self._session = session["id"]
        self._width = width if sys.stdout.isatty() else None
        self._tables: dict[str, RowTable] = {}
        self._last = ""
        self._told: set[str] = set()

    def lines(self, row: dict[str, Any]) -> list[str]:
        stream = str(row.pop("stream", ""))
        if stream not in self._tables:
            self._tables[stream] = RowTable(lambda: self._columns(stream), self._width)
        anew, self._last = stream != self._last, stream
        return self._tables[stream].lines(row, anew=anew)

    def _columns(self, stream: str) -> list[dict[str, Any]]:
        """On all hosts that have attached."""
        runs = self._client.session(self._session)["runs"]
        self._tell_attached(runs)
        streams = [found for run in runs for found in (run["schema"] or {}).get("streams", [])]
        return [column for found in streams if stream in ("", found["name"]) for column in found["columns"]]

    def _tell_attached(self, runs: list[Run]) -> None:
        """How much a pattern of functions meant, once for each host."""
        for run in runs:
            attached = (run["schema"] or {}).get("attached")
            if attached and run["id"] not in self._told:
                self._told.add(run["id"])
                note(f"{run['host']['name']}: {attached}")


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
