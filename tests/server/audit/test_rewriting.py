"""Who owns the database, the software and the audit's own key writes the log anew: what was kept elsewhere shows it.

The hosts are real witnesses. Nothing shows what happens to entries that no head covers which somebody else holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from agent.config import AgentPaths
from agent.warden.audit import HostAudit
from agent.warden.witness import Witness
from proto import checkpoint
from proto.v1.agent_pb2 import AuditHead
from server import keys
from server.audit import checkpoints, commands, exported, tree, triggers
from server.audit.check import Verdict
from server.audit.leaf import leaf_hash
from server.audit.models import AuditEntry, Checkpoint, EntryHost, TreeNode
from server.audit.verify import verify
from tests.server.audit.conftest import ENTRIES, exported_lines

EARLY, LATE = 20, 40  # entries that each host has a head of


class Undone(Exception):
    """Leaves the transaction of a forgery."""


class Host:
    """Keeps what it is offered as an agent does. It has taken the head of ``size`` entries."""

    def __init__(self, folder: Path, size: int) -> None:
        folder.mkdir()
        paths = AgentPaths(folder, folder / "policy.toml")
        self.witness = Witness(paths, HostAudit(paths.audit), lambda held: None)
        assert self.offer(size) == ""

    @property
    def note(self) -> str:
        return self.witness.held().note

    @property
    def head(self) -> checkpoint.Checkpoint:
        return checkpoint.opened(self.note, public())

    def offer(self, size: int) -> str:
        """The server's head of so many entries, with the proof that it can make. What the host thinks of it."""
        since = self.witness.held().size
        note = Checkpoint.objects.get(size=size).note
        proof = tree.consistency(since, size) if 0 < since <= size else []
        self.witness.offered(AuditHead(note=note, log_key=public(), proof=proof, since=since))
        return self.witness.trouble


@pytest.fixture(autouse=True)
def _unguarded(log: None) -> None:
    triggers.remove(connection)


def public() -> bytes:
    return keys.audit_public(settings.ENV.keys)


@contextmanager
def forgery() -> Iterator[None]:
    """Undone at the end."""
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


def forge(first: int, last: int = ENTRIES) -> None:
    """Entry ``first`` says something else, none stands behind ``last``; everything above is hashed and signed again."""
    entries = list(AuditEntry.objects.filter(id__lte=last).order_by("id"))
    sizes = [size for size in Checkpoint.objects.values_list("size", flat=True) if size < last]
    for model in (Checkpoint, EntryHost, TreeNode, AuditEntry):
        model.objects.all().delete()
    for entry in entries:
        if entry.id == first:
            entry.actor = "mallory"
        leaf = leaf_hash(entry)
        entry.hash = leaf.hex()
        entry.save(force_insert=True)
        tree.append(entry.id - 1, leaf)
        EntryHost.objects.bulk_create(EntryHost(entry=entry, host=host) for host in entry.hosts)
        if entry.id in sizes or entry.id == last:
            checkpoints.sign_head()


def checked(*hosts: Host) -> Verdict:
    return verify(public(), [host.head for host in hosts])


def test_the_whole_log_written_anew_is_found_wherever_it_begins(tmp_path: Path) -> None:
    for first in range(1, ENTRIES + 1):
        early, late = Host(tmp_path / f"early-{first}", EARLY), Host(tmp_path / f"late-{first}", LATE)
        with forgery():
            forge(first)
            assert checked().bad_id is None, "it agrees with itself, and with every head in it"
            found = checked(early, late)
            troubles = [early.offer(ENTRIES), late.offer(ENTRIES)]
        if first > LATE:
            assert (found.bad_id, troubles) == (None, ["", ""]), "nobody else has seen it yet"
            continue
        since, until = (0, EARLY) if first <= EARLY else (EARLY, LATE)
        assert found.bad_id == since + 1, first
        assert f"one up to {until} was replaced: the head that was noted elsewhere" in found.problem
        assert f"do not begin with the {LATE}" in troubles[1]
        assert (troubles[0] != "") == (first <= EARLY)


def test_whatever_is_cut_off_since_a_host_took_a_head_is_found(tmp_path: Path) -> None:
    for kept in range(ENTRIES):
        newest = Host(tmp_path / f"newest-{kept}", ENTRIES)
        with forgery():
            forge(0, kept)
            assert checked().bad_id is None, "a shorter log that agrees with itself"
            found = checked(newest)
            trouble = newest.offer(kept) if kept else f"had {ENTRIES} entries"
        assert (found.bad_id, found.entries) == (kept + 1, kept)
        assert f"with it all up to {ENTRIES}" in found.problem
        assert f"had {ENTRIES} entries" in trouble


def test_what_is_cut_off_before_any_host_took_a_head_of_it_is_not_seen(tmp_path: Path) -> None:
    """The limit that docs/concepts/audit.md states."""
    host = Host(tmp_path / "host", LATE)
    with forgery():
        forge(0, LATE + 1)
        assert (checked(host).bad_id, host.offer(LATE + 1)) == (None, "")


def test_two_hosts_that_were_shown_different_logs_do_not_agree(tmp_path: Path) -> None:
    one, other = Host(tmp_path / "one", EARLY), Host(tmp_path / "other", EARLY)
    assert one.offer(LATE) == ""
    with forgery():
        forge(LATE - 5)
        assert other.offer(LATE) == "", "alone it cannot know"
        assert checked(other).bad_id is None
        assert commands.witnesses([("one", one.note, ""), ("other", other.note, "")]).split("\n") == [
            f"one\t{LATE}\t{one.head.time}\tDIFFERS from this audit",
            f"other\t{LATE}\t{other.head.time}\tagrees",
        ]
        assert "do not begin with" in one.offer(ENTRIES)
    early = Host(tmp_path / "early", EARLY)
    for noted in ((one, other, early), (other, early, one)):
        found = checked(*noted)
        assert (found.bad_id, "noted elsewhere" in found.problem) == (EARLY + 1, True)
    assert "do not begin with" in other.offer(ENTRIES)


def test_a_file_is_compared_with_a_host_that_was_shown_another_log(tmp_path: Path) -> None:
    early, newest = Host(tmp_path / "early", EARLY), Host(tmp_path / "newest", ENTRIES)
    with forgery():
        forge(EARLY + 3)
        whole, some = exported_lines(whole=True), exported_lines(whole=False)
    for lines in (whole, some):
        assert exported.check(lines).verdict.bad_id is None
    assert exported.check(whole, [early.note]).verdict.bad_id is None
    assert exported.check(whole, [early.note, newest.note]).verdict.bad_id == EARLY + 1
    found = exported.check(some, [newest.note]).verdict
    assert (found.bad_id, "forked" in found.problem) == (ENTRIES, True)
    with pytest.raises(exported.ExportError, match=f"head of {EARLY} entries cannot be compared with a selection"):
        exported.check(some, [early.note])
