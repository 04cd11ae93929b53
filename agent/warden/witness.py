"""This host as a witness of the server's audit: it holds the last signed head and takes only what extends it.

A server that hides or rewrites what it has recorded cannot give such a head. This host then makes no start until the
server's log goes on from the head held here, or root of this host lets it begin anew (`fleetscope-agent witness`).
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.config import AgentPaths
from agent.files import sync_folder, write_atomic
from agent.warden.audit import AuditError, HostAudit
from proto import merkle
from proto.checkpoint import NOTE_MAX, Checkpoint, CheckpointError, opened
from proto.v1.agent_pb2 import AuditHead, Witnessed

log = logging.getLogger(__name__)

_PROOF_MAX = 130  # hashes; of a log with 2**64 entries
_AGREED_MAX = 256  # heads; of the last minutes, for starts that had to wait here
_STALE_MAX = 5  # offers in a row that begin with another head than the one held here
_WAY_OUT = "the audit's owner explains it, then root of this host runs `fleetscope-agent witness re-anchor`"


@dataclass(frozen=True, slots=True)
class Held:
    """``log_key`` in hex; ``trouble`` outlives restarts."""

    log_key: str = ""
    note: str = ""
    trouble: str = ""

    @property
    def head(self) -> Checkpoint | None:
        return opened(self.note, bytes.fromhex(self.log_key)) if self.note else None


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Who let this host begin anew, and why."""

    by: str
    reason: str


def ask_to_re_anchor(paths: AgentPaths, anchoring: Anchoring) -> None:
    """The warden does it, now or when it starts next, and puts it on record. Raises OSError."""
    write_atomic(paths.anchoring, json.dumps(asdict(anchoring)).encode())


def load(path: Path) -> Held:
    """What cannot be read is trouble: somebody may have wanted this host to forget."""
    if not path.exists():
        return Held()
    try:
        held = Held(**{name: str(value) for name, value in json.loads(path.read_bytes()).items()})
        _ = held.head
    except (OSError, ValueError, TypeError):
        return Held(trouble=f"{path} cannot be read, so nobody knows which head this host held; {_WAY_OUT}")
    return held


class Witness:
    """``tell`` hears what is held after every offer."""

    def __init__(self, paths: AgentPaths, audit: HostAudit, tell: Callable[[Witnessed], None]) -> None:
        self._paths, self._audit, self._tell = paths, audit, tell
        self._held = load(paths.witness)
        self._stale = 0
        self._unkept = ""  # why the last offer could not be kept
        self._agreed: deque[tuple[int, bytes]] = deque(maxlen=_AGREED_MAX)
        self._remember()

    @property
    def trouble(self) -> str:
        """Why nothing may start; empty: it may."""
        return self._held.trouble

    def held(self) -> Witnessed:
        return Witnessed(note=self._held.note, trouble=self._held.trouble, size=_size(self._held))

    def agreed(self, note: str) -> Checkpoint:
        """A head that this host holds, or held before the one that extends it. Raises CheckpointError."""
        if self._unkept:
            raise CheckpointError(f"this host cannot keep the head that proves it: {self._unkept}")
        if not self._held.note:
            raise CheckpointError("this host holds no head of the server's audit yet")
        head = opened(note, bytes.fromhex(self._held.log_key))
        if (head.size, head.root) not in self._agreed:
            raise CheckpointError(f"this host has not witnessed the head of {head.size} entries that proves it")
        return head

    def offered(self, head: AuditHead) -> None:
        """From the server, or from whoever speaks in its name."""
        try:
            found = self._checked(head)
        except CheckpointError as error:
            self._refuse(f"the server's audit was changed or restored: {error}; {_WAY_OUT}")
        else:
            if found != self._held:
                self._keep(found, "head", size=_size(found), note=found.note)
        self._tell(self.held())

    def refresh(self) -> None:
        """Does what root asked for since."""
        if not self._paths.anchoring.exists():
            return
        try:
            asked = Anchoring(**json.loads(self._paths.anchoring.read_bytes()))
        except (OSError, ValueError, TypeError):
            asked = Anchoring("somebody", "the request cannot be read")
        if self._keep(Held(), "re-anchor", **asdict(asked), let_go=self._held.note, trouble=self._held.trouble):
            self._paths.anchoring.unlink(missing_ok=True)
            sync_folder(self._paths.anchoring.parent)
            self._tell(self.held())

    def _checked(self, head: AuditHead) -> Held:
        """Raises CheckpointError."""
        if self._held.trouble and not self._held.note:
            raise CheckpointError("this host does not know which head it held")
        if len(head.note) > NOTE_MAX or len(head.proof) > _PROOF_MAX or len(head.log_key) != merkle.HASH_SIZE:
            raise CheckpointError("the head has not the form of one")
        if self._held.log_key not in ("", head.log_key.hex()):
            raise CheckpointError("its head is signed with another key than the one this host knows")
        new, old = opened(head.note, head.log_key), self._held.head
        if self._is_stale(head):
            return self._held
        if old is not None and new.size < old.size:
            raise CheckpointError(f"it had {old.size} entries on {old.time} and has {new.size} now")
        if old is not None and not merkle.extends(old.size, old.root, new.size, new.root, head.proof):
            raise CheckpointError(f"its {new.size} entries do not begin with the {old.size} that it had on {old.time}")
        # Of one and the same head another note, with another time, is no news.
        note = self._held.note if old is not None and old.size == new.size else head.note
        return Held(head.log_key.hex(), note)

    def _is_stale(self, head: AuditHead) -> bool:
        """An answer and an offer may cross on the way; a server that never proves what it is asked to has no excuse.
        Where nothing is held, there is nothing to prove."""
        self._stale = 0 if not self._held.note or head.since == _size(self._held) else self._stale + 1
        if self._stale > _STALE_MAX:
            raise CheckpointError("the server does not prove that its head extends the one this host holds")
        return bool(self._stale)

    def _refuse(self, trouble: str) -> None:
        if trouble != self._held.trouble:
            log.error("%s", trouble)
            self._keep(Held(self._held.log_key, self._held.note, trouble), "head refused", refused=trouble)

    def _keep(self, held: Held, event: str, **details: object) -> bool:
        """On record first; what cannot be recorded or kept changes nothing."""
        try:
            if event != "head" or held.log_key != self._held.log_key or self._held.trouble:
                self._audit.record(event, **details)
            write_atomic(self._paths.witness, json.dumps(asdict(held)).encode())
        except (AuditError, OSError) as error:
            log.error("the server's audit cannot be witnessed: %s", error)
            self._unkept = str(error)
            return False
        self._held, self._unkept = held, ""
        self._remember()
        return True

    def _remember(self) -> None:
        """Of a log that was let go of, nothing."""
        head = self._held.head
        if head is None:
            self._agreed.clear()
        elif (head.size, head.root) not in self._agreed:
            self._agreed.append((head.size, head.root))


def _size(held: Held) -> int:
    head = held.head
    return head.size if head else 0
