"""Checks the log in the database: every entry, the tree, the index of hosts, and every signed head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from proto import checkpoint, merkle
from server.audit.check import BadEntry, Checker, Verdict, by_size, grouped
from server.audit.leaf import FIELDS, canonical
from server.audit.models import AuditEntry, Checkpoint, EntryHost, TreeNode
from server.audit.tree import position

_CHUNK = 1 << 13  # entries; a power of two, so that few subtrees reach beyond one
_HOSTS = FIELDS.index("hosts")


def verify(public_key: bytes, noted: Iterable[checkpoint.Checkpoint] = ()) -> Verdict:
    """Stops at the first entry that does not fit. ``noted``: heads kept elsewhere, which nobody here could change."""
    checker = Checker({}, grouped(noted))
    try:
        checker.heads = by_size(_heads(public_key))
        rows = AuditEntry.objects.order_by("id").values_list(*FIELDS, "hash").iterator(chunk_size=_CHUNK)
        while chunk := list(islice(rows, _CHUNK)):
            _check(checker, chunk)
        checker.finish()
        _nothing_above(checker.frontier.size)
    except BadEntry as bad:
        sound = checker.verdict()
        return Verdict(sound.entries, sound.root, sound.signed, bad.number, bad.problem)
    return checker.verdict()


def _heads(public_key: bytes) -> Iterator[checkpoint.Checkpoint]:
    for kept in Checkpoint.objects.order_by("size"):
        try:
            head = checkpoint.opened(kept.note, public_key)
        except checkpoint.CheckpointError as error:
            raise BadEntry(kept.size, f"the head that ends with it was changed: {error}") from error
        if head.size != kept.size:
            raise BadEntry(kept.size, f"the head that ends with it was changed: it is signed for {head.size} entries")
        yield head


def _check(checker: Checker, rows: list[tuple[Any, ...]]) -> None:
    begin = checker.frontier.size
    hosts = _hosts_by_entry(begin, begin + len(rows))
    nodes = _nodes(2 * begin, 2 * (begin + len(rows)))
    for *values, digest in rows:
        number, stored = values[0], bytes.fromhex(digest)
        for level, index, expected in checker.take(number, stored):
            place = position(level, index)
            if (nodes.get(place) or _node(place)) != expected:
                problem = f"it or one up to {number} was replaced: the tree over them differs"
                raise BadEntry((index << level) + 1, problem)
        checker.settle(number, merkle.leaf_hash(canonical(values)), stored)
        if hosts.get(number, []) != sorted({host[:255] for host in values[_HOSTS]}):
            raise BadEntry(number, "the index that finds it by its hosts was changed")


def _hosts_by_entry(after: int, last: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for entry, host in EntryHost.objects.filter(entry__gt=after, entry__lte=last).values_list("entry_id", "host"):
        found.setdefault(entry, []).append(host)
    return {entry: sorted(names) for entry, names in found.items()}


def _nodes(low: int, high: int) -> dict[int, bytes]:
    kept = TreeNode.objects.filter(position__gte=low, position__lt=high).values_list("position", "hash")
    return {place: bytes(digest) for place, digest in kept}


def _node(place: int) -> bytes | None:
    found = TreeNode.objects.filter(position=place).values_list("hash", flat=True).first()
    return bytes(found) if found is not None else None


def _nothing_above(size: int) -> None:
    """Neither subtrees of entries that are gone, nor any that no entry ever completed."""
    if TreeNode.objects.count() != size - size.bit_count():
        raise BadEntry(size + 1, "the tree has more in it than the entries: the newest ones are missing")
    if (extra := EntryHost.objects.filter(entry__gt=size).first()) is not None:
        raise BadEntry(extra.entry_id, "it is missing, the index of hosts still names it")
