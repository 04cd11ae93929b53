"""Shapes of the sessions' API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from bpf.params import EXCLUSIONS_MAX

Text = Annotated[str, Field(max_length=4096, pattern=r"^[^\x00]*$")]
U32 = Annotated[int, Field(ge=0, le=2**32 - 1)]
U64 = Annotated[int, Field(ge=0, le=2**64 - 1)]
Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
BooksState = Literal["in-flight", "complete", "limited", "blind", "lossy", "broken", "unknown"]


class Exclusions(Schema):
    """Tasks that are left out although they pass the filters."""

    model_config = ConfigDict(extra="forbid")

    pid: Annotated[list[U32], Field(max_length=EXCLUSIONS_MAX)] = []
    tid: Annotated[list[U32], Field(max_length=EXCLUSIONS_MAX)] = []
    ppid: Annotated[list[U32], Field(max_length=EXCLUSIONS_MAX)] = []
    uid: Annotated[list[U32], Field(max_length=EXCLUSIONS_MAX)] = []
    comm: Annotated[list[Text], Field(max_length=EXCLUSIONS_MAX)] = []
    cgroup: Annotated[list[U64], Field(max_length=EXCLUSIONS_MAX)] = []
    container: Annotated[list[Text], Field(max_length=EXCLUSIONS_MAX)] = []
    pod: Annotated[list[Text], Field(max_length=EXCLUSIONS_MAX)] = []
    unit: Annotated[list[Text], Field(max_length=EXCLUSIONS_MAX)] = []


class Filters(Schema):
    """A task must pass all that are given. Process numbers are those of the agent's pid namespace, the host's."""

    model_config = ConfigDict(extra="forbid")

    pid: U32 | None = None
    follow: Annotated[bool, Field(description="with pid: also its children, theirs and so on")] = False
    tid: U32 | None = None
    ppid: U32 | None = None
    uid: U32 | None = None
    comm: Text | None = None
    cgroup: Annotated[U64 | None, Field(description="cgroup v2 id; also the groups below it")] = None
    container: Annotated[Text | None, Field(description="name, or the beginning of an id")] = None
    pod: Annotated[Text | None, Field(description="name or namespace/name")] = None
    unit: Annotated[Text | None, Field(description="of systemd, like nginx.service")] = None
    exclude: Exclusions = Exclusions()


class Limits(Schema):
    """0 or left out: the tool's default."""

    model_config = ConfigDict(extra="forbid")

    duration_ms: Number = 0
    rows: Number = 0
    bytes: Number = 0
    events_per_second: Number = 0
    budget_permille: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    buffer_bytes: Number = 0


RiskName = Literal["s0", "s1", "s2", "s3"]


class NewSession(Schema):
    """With exactly one host joined, `hosts` and `labels` may be left out, and `team` by who starts for one alone.

    `risk`: the most that it may reveal, where only hosts know that; a host refuses what would reveal more.
    """

    model_config = ConfigDict(extra="forbid")

    tool: Annotated[str, Field(min_length=1, max_length=64)]
    hosts: Annotated[list[Text], Field(max_length=1000)] = []
    labels: Annotated[dict[Text, Text], Field(max_length=64)] = {}
    params: Annotated[dict[Text, Text], Field(max_length=64)] = {}
    filters: Filters = Filters()
    limits: Limits = Limits()
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""
    reveal: Annotated[bool, Field(description="Rows as they are: hosts take no secrets out. Risk class S3.")] = False
    team: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] = ""
    risk: RiskName | None = None


class HostRef(Schema):
    id: uuid.UUID
    name: str


class RunEndOut(Schema):
    """`by`: who ended it, a person by name or which of its bounds, its host or the server."""

    cause: str
    by: str
    message: str


class LedgerOut(Schema):
    seen: int
    stored: int
    lost: dict[str, int]
    redacted: Annotated[dict[str, int], Field(description="how many values of rows had a secret of this kind")]


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


class ResolvedProcessOut(Schema):
    filter: Literal["pid", "tid", "ppid"]
    pid: int
    tid: int
    comm: str
    started_ticks: int
    excluded: bool
    children: list[int]


class ResolvedGroupOut(Schema):
    """`controller` is empty for cgroup v2. `pids` were in the group at the start, the first 100."""

    filter: Literal["container", "pod", "unit", "cgroup"]
    cgroup: int
    path: str
    controller: str
    container: str
    runtime: str
    name: str
    image: str
    pod: str
    namespace: str
    excluded: bool
    pids: list[int]


class ResolvedTargetsOut(Schema):
    """What the filters meant on the run's host when it started."""

    processes: list[ResolvedProcessOut]
    groups: list[ResolvedGroupOut]


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
    targets: ResolvedTargetsOut
    anchor: Anchor
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    locked: Annotated[bool, Field(description="its rows are encrypted, and only an opening makes them readable")]
    # Named run_schema in Python: pydantic's models have a method called schema.
    run_schema: Annotated[dict[str, Any] | None, Field(alias="schema")]


class SessionOut(Schema):
    id: uuid.UUID
    tool: str
    title: str
    kind: str
    state: Literal["pending", "running", "ended"]
    team: str
    risk: RiskName
    created_by: str
    begun_by: Annotated[
        Literal["", "webhook", "schedule"], Field(description="by what, with `template`; empty: by the person")
    ]
    template: str
    created_at: datetime.datetime
    ended_at: datetime.datetime | None
    reason: str
    params: dict[str, str]
    filters: dict[str, int | str | dict[str, list[int | str]]]
    limits: dict[str, int]
    reveal: bool
    hosts: list[str]
    rows: int
    stored_bytes: Annotated[int, Field(description="on the server's disk now")]
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
    team: str = ""
