"""The hosts that this process holds: one link for each control stream."""

from __future__ import annotations

import asyncio
import datetime
import math
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from proto.v1.agent_pb2 import AuditHead, ServerMessage, Witnessed
from server.fleet.models import HEARTBEAT_SECONDS
from server.ingest.identity import Caller
from server.ingest.runs import OpenRun

OUTBOX = 10_000  # messages; a host that lets so many wait is cut off and starts again

_NEVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)


@dataclass(slots=True)
class Witnessing:
    """What the host holds of the audit, and the head that it was offered last on this connection."""

    held: Witnessed = field(default_factory=Witnessed)
    offered: str = ""
    size: int = 0  # of that head
    waiting: int = 0  # for so many answers of the host
    news: bool = False  # not written down yet

    @property
    def holds(self) -> int:
        """The size of the head that it will hold when it has heard all that was sent."""
        return self.size if self.waiting else self.held.size


@dataclass(slots=True, eq=False)
class Link:
    """One host's control stream, and what it was told on it."""

    host: uuid.UUID
    name: str
    address: str = ""
    connection: str = field(default_factory=lambda: uuid.uuid4().hex)
    last_heard: float = field(default_factory=time.monotonic)
    outbox: asyncio.Queue[ServerMessage | None] = field(default_factory=lambda: asyncio.Queue(OUTBOX))
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    stops: set[uuid.UUID] = field(default_factory=set)
    watched: set[uuid.UUID] = field(default_factory=set)
    doomed: frozenset[uuid.UUID] = frozenset()  # runs whose kept keys it was told to destroy
    until: datetime.datetime = _NEVER  # the end of its certificate
    renewal_ordered: float = -math.inf
    data_ended: asyncio.Event = field(default_factory=asyncio.Event)  # without an error that it could be told of
    trespasses: int = 0  # words about runs of other hosts
    refused: dict[str, float] = field(default_factory=dict)  # kinds, and when the audit was asked to hold one
    waiting: tuple[int, int] = (0, 0)  # bytes and batches in its spools, as the database knows them
    runs: dict[bytes, OpenRun] = field(default_factory=dict)
    witness: Witnessing = field(default_factory=Witnessing)

    @classmethod
    def to(cls, caller: Caller) -> Link:
        return cls(caller.host.id, caller.host.name, caller.address, until=caller.until)

    def send(self, message: ServerMessage) -> None:
        try:
            self.outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        self.closed.set()

    def heard(self) -> None:
        self.last_heard = time.monotonic()

    def offer(self, head: AuditHead, size: int) -> None:
        self.witness.offered, self.witness.size = head.note, size
        self.witness.waiting += 1
        self.send(ServerMessage(audit_head=head))

    @property
    def expired(self) -> bool:
        return datetime.datetime.now(datetime.UTC) > self.until

    @property
    def silent(self) -> bool:
        return time.monotonic() - self.last_heard > 3 * HEARTBEAT_SECONDS


class Links:
    """By host. A new control stream of a host takes the place of the older one."""

    def __init__(self) -> None:
        self._by_host: dict[uuid.UUID, Link] = {}
        self.heads = asyncio.Lock()  # heads of the audit leave one after the other, each with the starts it proves

    def add(self, link: Link) -> None:
        older = self._by_host.get(link.host)
        self._by_host[link.host] = link
        if older is not None:
            older.close()

    def remove(self, link: Link) -> None:
        if self._by_host.get(link.host) is link:
            del self._by_host[link.host]

    def get(self, host: uuid.UUID) -> Link | None:
        return self._by_host.get(host)

    def all(self, hosts: Iterable[uuid.UUID] | None = None) -> list[Link]:
        if hosts is None:
            return list(self._by_host.values())
        return [link for host in hosts if (link := self._by_host.get(host))]
