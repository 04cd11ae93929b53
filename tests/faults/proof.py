"""The proof that nothing was lost without a word and nothing is there twice: from the API, both disks and the kernel.

Raises AssertionError that says what is wrong; tests/faults/test_proof.py shows that it does.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq

from proto import frame
from proto.v1.stream_pb2 import BatchHead
from server.tracing.store.sealed import SealedIndex
from tests.e2e.processes import loaded, perf_attached
from tests.e2e.stack import Stack, eventually
from tests.faults.counted import PATIENCE, Counted, programs


@dataclass(frozen=True, slots=True)
class Proof:
    """An ended session; ``seen = stored + sum(lost)`` was checked unless its books are unknown."""

    books: str
    message: str
    cause: str
    seen: int
    stored: int
    lost: dict[str, int]
    last_seq: int


def prove(traced: Counted, *, books: str = "complete", opened: int | None = None) -> Proof:
    """Check everything of an ended session; ``opened`` is how many events the kernel's counters must know of.

    Where everything that counted died at once pass ``books="unknown"``: then what is stored must be whole up to its
    last batch, and the session must name it.
    """
    ended = traced.wait_ended()
    made = traced.opened if opened is None else opened
    found = _api(traced, ended)
    numbers = _numbers(traced, found)
    _check_disk(traced, found)
    _check_books(found, numbers, made, books)
    _check_nothing_waits(traced)
    check_nothing_is_attached(traced)
    return found


def check_nothing_is_attached(traced: Counted) -> None:
    """Programs and maps of the run, seen in the kernel while it lived, are gone."""
    eventually(lambda: not traced.objects & loaded(), PATIENCE, "the run's BPF programs and maps gone")
    assert not programs(traced.objects) & perf_attached(), "a program of the run is still attached"


def _api(traced: Counted, ended: dict[str, Any]) -> Proof:
    (run,) = ended["runs"]
    ledger = run["ledger"]
    assert run["rows"] == ended["rows"] == ledger["stored"], f"{run['rows']} rows and {ledger['stored']} stored"
    cause = run["end"]["cause"]
    last = last_seq(traced.stored)
    return Proof(ended["books"], ended["books_message"], cause, ledger["seen"], ledger["stored"], ledger["lost"], last)


def _numbers(traced: Counted, found: Proof) -> Counter[int]:
    """The workload's own numbers in the export, whose header must say what the API says."""
    headers, rows = export(traced.stack, traced.session)
    told = json.loads(headers["x-fleetscope-ledger"])
    assert told == {"seen": found.seen, "stored": found.stored, "lost": found.lost}, f"the export's header says {told}"
    assert headers["x-fleetscope-books"] == found.books
    assert len(rows) == found.stored, f"{len(rows)} rows exported, {found.stored} stored"
    foreign = [row["path"] for row in rows if not str(row["path"]).startswith(traced.mark)]
    assert not foreign, f"rows that the workload did not make: {foreign[:3]}"
    return Counter(int(str(row["path"]).removeprefix(traced.mark)) for row in rows)


def export(stack: Stack, session: str) -> tuple[httpx.Headers, list[dict[str, Any]]]:
    """What a person gets: every stored row, and what the answer's headers say of the books."""
    reply = httpx.get(
        f"{stack.url}/api/sessions/{session}/export?format=ndjson",
        headers={"Authorization": f"Bearer {stack.token()}"},
        timeout=PATIENCE,
    )
    assert reply.is_success, f"{reply.status_code} {reply.text}"
    return reply.headers, [json.loads(line) for line in reply.content.splitlines()]


def _check_books(found: Proof, numbers: Counter[int], made: int, books: str) -> None:
    twice = [number for number, times in numbers.items() if times > 1]
    assert not twice, f"{len(twice)} events are stored more than once, the first is {min(twice)}"
    assert not numbers or max(numbers) < made, f"event {max(numbers)} is stored and {made} were made"
    assert found.books == books, f"the books are {found.books}, not {books}: {found.message}"
    if books == "unknown":
        assert found.message.startswith("unknown after batch "), found.message
        return
    assert found.seen == made, f"BPF saw {found.seen} of the {made} events that the workload made"
    declared = sum(found.lost.values())
    assert found.stored + declared == found.seen, f"{found.stored} stored + {found.lost} declared of {found.seen} seen"
    assert len(numbers) == found.stored, f"{len(numbers)} events exported, {found.stored} stored"
    assert declared or set(numbers) == set(range(made)), "events are missing that nobody declared"


def _check_disk(traced: Counted, found: Proof) -> None:
    """Every batch once and none missing; the rows in the files are those that the ledger counts."""
    batches = stored_batches(traced.stored)
    seqs = [seq for seq, _ in batches]
    assert seqs == list(range(1, len(seqs) + 1)), f"batches on the server's disk: {_odd(seqs)}"
    rows = sum(rows for _, rows in batches)
    assert rows == found.stored, f"{rows} rows on the server's disk, {found.stored} in the ledger"


def _odd(seqs: list[int]) -> str:
    twice = [seq for seq, times in Counter(seqs).items() if times > 1]
    missing = sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs))
    return f"{len(seqs)}, twice: {twice}, missing: {missing}"


def stored_batches(folder: Path) -> list[tuple[int, int]]:
    """(seq, rows) of every batch in the run's files in order, counted in the files themselves."""

    def read() -> list[tuple[int, int]] | None:
        before = _names(folder)
        try:
            found = [batch for path in before for batch in _batches(path)]
        except FileNotFoundError:
            return None
        return found if found and _names(folder) == before else None  # else it was sealed meanwhile

    return eventually(read, PATIENCE, f"a standing still {folder}")


def _names(folder: Path) -> list[Path]:
    """Segments in order; while an open segment is there its sealed form does not count yet."""
    found = {path.stem: path for path in folder.glob("*.idx")}
    found.update({path.stem: path for path in folder.glob("*.seg")})
    return [found[stem] for stem in sorted(found)]


def _batches(path: Path) -> list[tuple[int, int]]:
    if path.suffix == ".seg":
        return [(head.seq, head.rows) for head in heads(path)]
    stored = pq.read_table(path.with_suffix(".parquet"), columns=["_seq"]).column("_seq").to_pylist()
    rows = Counter(stored)
    known = [head.seq for head in SealedIndex.load(path).heads]
    assert set(rows) <= set(known), f"{path}: rows of batches that its index does not know"
    return [(seq, rows[seq]) for seq in known]


def heads(path: Path) -> list[BatchHead]:
    """Of the whole frames in a spool file or an open segment."""
    with path.open("rb") as file:
        return [found.head for _, found in frame.scan(file)]


def last_seq(folder: Path) -> int:
    """Of the last stored batch."""
    return max(seq for seq, _ in stored_batches(folder))


def _check_nothing_waits(traced: Counted) -> None:
    """All that the host had was acknowledged: it has removed the run's folder."""
    run = traced.spool.parent
    eventually(lambda: not run.exists(), PATIENCE, f"{run} removed, which means acknowledged to the end")
