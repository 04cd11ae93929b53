"""Entries as a file that can be checked without this server: their exact bytes, proofs, signed heads, a signature.

NDJSON. Lines with a `fleetscope` key are ours, every other line is an entry as it was hashed. A whole log brings the
hashes of its entries and every head that was signed; a selection brings a proof for each entry and one head.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from proto import checkpoint, merkle
from server import keys
from server.audit.exported import CONTEXT, VERSION
from server.audit.leaf import leaf_bytes
from server.audit.models import AuditEntry, Checkpoint
from server.audit.tree import Nodes

BLOCK = 500  # entries, whose proofs are read at once


@dataclass(frozen=True, slots=True)
class Selection:
    """``wanted`` says in words and fields what was asked for; empty: the whole log."""

    entries: QuerySet[AuditEntry]
    wanted: Mapping[str, Any]
    by: str


def export(selection: Selection) -> Iterator[bytes]:
    """Up to the newest signed head: what is younger, a minute at most, cannot be proven yet."""
    digest = hashlib.sha256()
    for line in _lines(selection):
        digest.update(line)
        yield line
    signature = keys.export_key(settings.ENV.keys).sign(CONTEXT + digest.digest())
    yield _ours("signature", sha256=digest.hexdigest(), signature=_text(signature))


def _lines(selection: Selection) -> Iterator[bytes]:
    heads = list(Checkpoint.objects.order_by("size"))
    size = heads[-1].size if heads else 0
    entries = selection.entries.filter(id__lte=size).order_by("id")
    whole = not selection.wanted
    yield _header(selection, size, entries.count())
    for head in heads if whole else heads[-1:]:
        yield _ours("head", note=head.note)
    rows = entries.iterator(chunk_size=BLOCK)
    while block := list(islice(rows, BLOCK)):
        yield from _hashed(block) if whole else _proven(block, size)


def _header(selection: Selection, size: int, count: int) -> bytes:
    log_key = keys.audit_public(settings.ENV.keys)
    export_key = keys.export_key(settings.ENV.keys).public_key().public_bytes_raw()
    return _ours(
        "header",
        version=VERSION,
        origin=checkpoint.origin_of(log_key),
        log_key=log_key.hex(),
        export_key=export_key.hex(),
        by=selection.by,
        at=timezone.now().isoformat(timespec="seconds"),
        wanted=dict(selection.wanted),
        size=size,
        entries=count,
    )


def _hashed(block: list[AuditEntry]) -> Iterator[bytes]:
    for entry in block:
        yield leaf_bytes(entry) + b"\n"
    yield _ours("hashes", hashes=[entry.hash for entry in block])


def _proven(block: list[AuditEntry], size: int) -> Iterator[bytes]:
    paths = Nodes().evaluate(lambda node: [merkle.inclusion_path(entry.id - 1, size, node) for entry in block])
    for entry, path in zip(block, paths, strict=True):
        yield leaf_bytes(entry) + b"\n"
        yield _ours("proof", id=entry.id, path=[_text(step) for step in path])


def _ours(kind: str, **fields: Any) -> bytes:
    return orjson.dumps({"fleetscope": kind, **fields}) + b"\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
