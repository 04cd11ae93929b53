"""What `python -m server audit ...` says. Every function returns the lines for people, or raises Conflict."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from proto import checkpoint, host_log
from server import keys
from server.audit import exported
from server.errors import Conflict

if TYPE_CHECKING:
    from server.audit.check import Verdict


def verify_database(noted: Iterable[Path]) -> str:
    from server.audit.models import Checkpoint
    from server.audit.verify import verify

    notes = [path.read_text() for path in noted]
    # A server that has never run has no key, and has signed nothing.
    key = keys.audit_public(settings.ENV.keys) if notes or Checkpoint.objects.exists() else b""
    try:
        verdict = verify(key, [checkpoint.opened(note, key) for note in notes])
    except checkpoint.CheckpointError as error:
        raise Conflict(f"a noted head cannot be compared with this audit: {error}") from error
    return _told("the audit", verdict)


def verify_file(path: Path, noted: Iterable[Path]) -> str:
    """Needs no database and no settings."""
    try:
        with path.open("rb") as file:
            found = exported.check(file, [note.read_text() for note in noted])
    except exported.ExportError as error:
        raise Conflict(f"{path}: {error}") from error
    what = "the whole log" if not found.wanted else f"a selection, {found.wanted}"
    told = _told(str(path), found.verdict)
    return f"{told}\n{what}, exported by {found.by}; signed with the log key {found.log_key}"


def export_all(path: Path, *, as_pack: bool) -> str:
    from server.audit.export import Selection, export
    from server.audit.models import AuditEntry
    from server.audit.pack import pack
    from server.audit.record import record

    form = "pack" if as_pack else "ndjson"
    entries = AuditEntry.objects.all()
    lines = export(Selection(entries, {}, "server console"))
    if as_pack:
        lines = pack(lines, entries.count())
    record("audit.export", "server console", detail={"file": path.name, "form": form})
    with path.open("wb") as file:
        file.writelines(lines)
    if as_pack:
        return f"written to {path}; open it in any browser, without a network and without an account"
    return f"written to {path}; check it anywhere with `python -m server audit verify {path}`"


def crosscheck(host: str, log: Path) -> str:
    from server.audit.crosscheck import compare
    from server.audit.record import record

    try:
        with log.open("rb") as file:
            found = compare(host, host_log.entries(file))
    except host_log.HostLogError as error:
        raise Conflict(f"{log}: {error}") from error
    record("audit.view", "server console", hosts=[host], detail={"crosscheck": log.name})
    if found.differences:
        raise Conflict(f"{host} and this server differ: " + "; ".join(found.differences))
    more = [f"{found.openings} openings of rows too"] if found.openings else []
    more += [f"{found.repeats} orders came to the host again and were refused there"] if found.repeats else []
    return "; ".join([f"{found.matched} starts of {host} stand in both records, none in one alone", *more])


def witnesses(held: Iterable[tuple[str, str, str]]) -> str:
    """``held``: of each host its name, the note it holds and its trouble."""
    return (
        "\n".join("\t".join((name, *_witness(note, trouble))) for name, note, trouble in held) or "no host has joined"
    )


def _witness(note: str, trouble: str) -> tuple[str, str, str]:
    from server.audit import tree

    if not note:
        return "none", "", trouble or "it was given no head yet"
    try:
        head = checkpoint.opened(note, keys.audit_public(settings.ENV.keys))
    except checkpoint.CheckpointError as error:
        return "?", "", trouble or str(error)
    try:
        agrees = tree.root(head.size) == head.root
    except KeyError:
        agrees = False
    return str(head.size), head.time, trouble or ("agrees" if agrees else "DIFFERS from this audit")


def _told(what: str, verdict: Verdict) -> str:
    if verdict.bad_id is not None:
        raise Conflict(f"{what} was tampered with at entry {verdict.bad_id}: {verdict.problem}")
    return f"{verdict.entries} entries, all in order; {verdict.signed} of them signed; root {verdict.root}"
