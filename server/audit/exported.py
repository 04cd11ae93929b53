"""Checks a file that was exported from an audit. Needs neither the server nor its database."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from proto import merkle
from proto.checkpoint import Checkpoint, CheckpointError, opened
from server.audit.check import BadEntry, Checker, Verdict, by_size, grouped

CONTEXT = b"fleetscope-audit-export-v1\0"
VERSION = 1


class ExportError(ValueError):
    """The file is none of ours, or was changed outside its entries. The text says where."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What the file says of itself, and what was found. ``log_key`` is worth what the reader knows of it."""

    verdict: Verdict
    log_key: str
    by: str
    wanted: dict[str, Any]


def check(lines: Iterable[bytes], noted: Iterable[str] = ()) -> Exported:
    """``noted``: checkpoint notes kept elsewhere. Raises ExportError."""
    reader = _Reader(iter(lines))
    header = reader.expect("header")
    if header.get("version") != VERSION:
        raise ExportError("the file is of another version of this program; check it with that one")
    try:
        verdict = _entries(reader, header, list(noted))
    except BadEntry as bad:
        verdict = Verdict(bad.number - 1, "", bad_id=bad.number, problem=bad.problem)
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(f"line {reader.number} is not as it was exported: {error}") from error
    return Exported(verdict, str(header["log_key"]), str(header["by"]), dict(header["wanted"]))


def _entries(reader: _Reader, header: dict[str, Any], noted: list[str]) -> Verdict:
    key = bytes.fromhex(header["log_key"])
    heads = []
    try:
        while reader.next_is("head"):
            heads.append(opened(reader.expect("head")["note"], key))
        others = [opened(note, key) for note in noted]
    except CheckpointError as error:
        raise ExportError(f"a head in or beside the file is not that of its log: {error}") from error
    if header["size"] != max((head.size for head in heads), default=0):
        raise ExportError("the signed head that the header speaks of is missing")
    found = _selection(reader, header, heads, others) if header["wanted"] else _whole(reader, heads, others)
    _signed(reader, header, found.entries)
    return found


def _whole(reader: _Reader, heads: list[Checkpoint], noted: list[Checkpoint]) -> Verdict:
    checker = Checker(by_size(heads), grouped(noted))
    while reader.more():
        block = list(reader.entries())
        hashes: list[str] = reader.expect("hashes")["hashes"] if reader.next_is("hashes") else []
        for place, (number, leaf) in enumerate(block):
            if number != checker.frontier.size + 1 or place >= len(hashes):
                raise BadEntry(checker.frontier.size + 1, "it is missing or stands elsewhere")
            stored = bytes.fromhex(hashes[place])
            checker.take(number, stored)
            checker.settle(number, leaf, stored)
        if len(block) != len(hashes) or not block:
            raise BadEntry(checker.frontier.size + 1, "it is missing")
    checker.finish()
    return checker.verdict()


def _selection(reader: _Reader, header: dict[str, Any], heads: list[Checkpoint], noted: list[Checkpoint]) -> Verdict:
    for head in noted:
        if head.size != header["size"]:
            raise ExportError(
                f"the noted head of {head.size} entries cannot be compared with a selection; export the whole log"
            )
    covering = by_size([*heads, *noted]).get(header["size"])
    root = covering.root if covering else merkle.EMPTY_ROOT
    count = 0
    for number, leaf in reader.entries():
        proof: dict[str, Any] = reader.expect("proof") if reader.next_is("proof") else {"id": 0, "path": []}
        path = [base64.b64decode(step) for step in proof["path"]]
        if proof["id"] != number or not merkle.includes(leaf, number - 1, header["size"], path, root):
            raise BadEntry(number, "it is not proven by the signed head: it was changed, or its proof was")
        count += 1
    return Verdict(count, root.hex(), count)


def _signed(reader: _Reader, header: dict[str, Any], entries: int) -> None:
    digest = reader.digest()
    last = reader.expect("signature")
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(header["export_key"]))
        key.verify(base64.b64decode(last["signature"]), CONTEXT + digest)
    except InvalidSignature:
        raise ExportError("the file was changed after it was exported: its signature does not fit") from None
    if entries != header["entries"] or reader.more():
        raise ExportError(f"{entries} entries are in the file and {header['entries']} were exported")


@dataclass(slots=True)
class _Reader:
    lines: Iterator[bytes]
    number: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)
    _ahead: tuple[bytes, dict[str, Any]] | None = None

    def more(self) -> bool:
        """Anything but the signature."""
        return self._peek() is not None and not self.next_is("signature")

    def next_is(self, kind: str) -> bool:
        ahead = self._peek()
        return ahead is not None and ahead[1].get("fleetscope") == kind

    def expect(self, kind: str) -> dict[str, Any]:
        if not self.next_is(kind):
            raise ExportError(f"line {self.number} should be the {kind}; this is no whole export of an audit")
        return self._take()[1]

    def entries(self) -> Iterator[tuple[int, bytes]]:
        while (ahead := self._peek()) is not None and "fleetscope" not in ahead[1]:
            line, fields = self._take()
            yield int(fields["id"]), merkle.leaf_hash(line.removesuffix(b"\n"))

    def digest(self) -> bytes:
        """Of all lines taken so far."""
        return bytes(self._digest.digest())

    def _peek(self) -> tuple[bytes, dict[str, Any]] | None:
        if self._ahead is None and (line := next(self.lines, None)) is not None:
            self.number += 1
            self._ahead = line, self._parsed(line)
        return self._ahead

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            return dict(orjson.loads(line))
        except (ValueError, TypeError):
            raise ExportError(f"line {self.number} is no JSON object; this is no whole export of an audit") from None

    def _take(self) -> tuple[bytes, dict[str, Any]]:
        taken = self._peek()
        if taken is None:
            raise ExportError("the file ends too early")
        self._ahead = None
        self._digest.update(taken[0])
        return taken
