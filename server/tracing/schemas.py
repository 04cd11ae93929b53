"""Shapes of the sessions' API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Text = Annotated[str, Field(max_length=4096, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
BooksState = Literal["in-flight", "complete", "limited", "blind", "lossy", "broken", "unknown"]


class Filters(Schema):
    model_config = ConfigDict(extra="forbid")

    pid: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    tid: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    uid: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    comm: Text | None = None
    cgroup: Annotated[int, Field(ge=0, le=2**64 - 1)] | None = None
    ppid: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


class Limits(Schema):
    """0 or left out: the tool's default."""

    model_config = ConfigDict(extra="forbid")

    duration_ms: Number = 0
    rows: Number = 0
    bytes: Number = 0
    events_per_second: Number = 0
    budget_permille: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    buffer_bytes: Number = 0


class NewSession(Schema):
    """With exactly one host joined, `hosts` and `labels` may be left out."""

    model_config = ConfigDict(extra="forbid")

    tool: Annotated[str, Field(min_length=1, max_length=64)]
    hosts: Annotated[list[Text], Field(max_length=1000)] = []
    labels: Annotated[dict[Text, Text], Field(max_length=64)] = {}
    params: Annotated[dict[Text, Text], Field(max_length=64)] = {}
    filters: Filters = Filters()
    limits: Limits = Limits()
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""


class HostRef(Schema):
    id: uuid.UUID
    name: str


class RunEndOut(Schema):
    cause: str
    message: str


class LedgerOut(Schema):
    seen: int
    stored: int
    lost: dict[str, int]


class CostOut(Schema):
    host_percent: float
    thread_percent: float
    bpf_run_ns: int
    bpf_runs: int
    runner_cpu_ns: int
    peak_percent: float


class Anchor(Schema):
    """The same moment on both of the host's clocks, as decimal text: JavaScript's numbers cannot hold it."""

    boot_ns: str
    wall_ns: str


class RunOut(Schema):
    id: uuid.UUID
    host: HostRef
    state: Literal["pending", "accepted", "attached", "ended", "refused"]
    end: RunEndOut | None
    ledger: LedgerOut
    books: BooksState
    books_message: str
    rows: int
    bytes: int
    cost: CostOut
    note: str
    anchor: Anchor
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    # Named run_schema in Python: pydantic's models have a method called schema.
    run_schema: Annotated[dict[str, Any] | None, Field(alias="schema")]


class SessionOut(Schema):
    id: uuid.UUID
    tool: str
    title: str
    kind: str
    state: Literal["pending", "running", "ended"]
    created_by: str
    created_at: datetime.datetime
    ended_at: datetime.datetime | None
    reason: str
    params: dict[str, str]
    filters: dict[str, int | str]
    limits: dict[str, int]
    hosts: list[str]
    rows: int
    books: BooksState
    books_message: str
    runs: list[RunOut]


class ListedFunctionOut(Schema):
    name: str
    type: str
    instructions: int
    bytecode: str


class ProgramOut(Schema):
    """What a host compiled and loaded. `log` is what compiler or verifier said when it was refused, else empty."""

    host: str
    source: str
    switches: list[str]
    functions: list[ListedFunctionOut]
    log: str


class SessionPage(Schema):
    items: list[SessionOut]
    total: int


class SessionQuery(Schema):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    tool: str = ""
    state: str = ""
    user: str = ""
