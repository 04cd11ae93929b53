"""Shapes of the API's answers, as far as this client reads them."""

from typing import Any, Literal, TypedDict


class Me(TypedDict):
    username: str
    role: str
    one_time: bool
    can: dict[str, bool]


class SignIn(TypedDict):
    id: str
    device: str
    address: str
    since: str | None
    last_seen: str | None
    current: bool


ScopeName = Literal["read", "trace", "people", "all"]


class ApiToken(TypedDict):
    id: int
    name: str
    created_at: str
    last_used_at: str | None
    expires_at: str
    scope: ScopeName
    risk: str


class User(TypedDict):
    username: str
    role: str
    active: bool


class Verdict(TypedDict):
    state: str
    variant: str
    reason: str


class Host(TypedDict):
    id: str
    name: str
    state: Literal["online", "offline", "revoked"]
    since: str | None
    last_seen: str | None
    labels: dict[str, str]
    agent_version: str
    facts: dict[str, Any]
    approvals_needed: int
    numbers: list[str]
    remote_off: bool
    audit_trouble: str
    switched_off: bool
    verdicts: dict[str, Verdict]
    live_runs: int


class Voice(TypedDict):
    person: str
    part: Literal["requester", "approver", "denier"]
    at: str
    signed: bool
    key: str
    reason: str


class Request(TypedDict):
    """For a session that needs the agreement of others. `specification` is the very text that people sign."""

    id: str
    state: Literal["waiting", "approved", "started", "denied", "expired", "void"]
    state_message: str
    created_by: str
    created_at: str
    expires_at: str
    tool: str
    hosts: list[str]
    reason: str
    why: str
    needed: int
    signed: bool
    break_glass: bool
    specification: str
    voices: list[Voice]
    review_due: bool
    reviewed_by: str
    review: str


class Opening(TypedDict):
    """Of rows that are locked. `signed`: some host wants a signature on `text`."""

    id: str
    text: str
    signed: bool
    expires_at: str


class HostAnswer(TypedDict):
    host: str
    error: str


class Names(TypedDict):
    """What a host says that it has; `total` fit, `meant` the text selects as it stands."""

    host: str
    names: list[dict[str, str | None]]
    total: int
    meant: int | None


class JoinToken(TypedDict):
    token: str
    command: str
    expires_at: str


class Ledger(TypedDict):
    seen: int
    stored: int
    lost: dict[str, int]
    redacted: dict[str, int]


class RunEnd(TypedDict):
    cause: str
    by: str
    message: str


class HostRef(TypedDict):
    id: str
    name: str


class Exclusions(TypedDict, total=False):
    """Tasks that are left out although they pass the filters."""

    pid: list[int]
    tid: list[int]
    ppid: list[int]
    uid: list[int]
    comm: list[str]
    cgroup: list[int]
    container: list[str]
    pod: list[str]
    unit: list[str]


class Filters(TypedDict, total=False):
    """A task must pass all that are given. Process numbers are those of the host."""

    pid: int
    follow: bool
    tid: int
    ppid: int
    uid: int
    comm: str
    cgroup: int
    container: str
    pod: str
    unit: str
    exclude: Exclusions


class ResolvedProcess(TypedDict):
    filter: str
    pid: int
    tid: int
    comm: str
    excluded: bool
    children: list[int]


class ResolvedGroup(TypedDict):
    filter: str
    cgroup: int
    path: str
    container: str
    runtime: str
    name: str
    image: str
    pod: str
    namespace: str
    excluded: bool
    pids: list[int]


class ResolvedTargets(TypedDict):
    """What the filters meant on the run's host when it started."""

    processes: list[ResolvedProcess]
    groups: list[ResolvedGroup]


class Run(TypedDict):
    id: str
    host: HostRef
    state: Literal["pending", "accepted", "attached", "ended", "refused"]
    end: RunEnd | None
    ledger: Ledger | None
    books: str
    books_message: str
    rows: int
    bytes: int
    note: str
    targets: ResolvedTargets
    schema: dict[str, Any] | None


class Session(TypedDict):
    id: str
    tool: str
    title: str
    kind: str
    state: Literal["pending", "running", "ended"]
    created_by: str
    begun_by: str
    template: str
    created_at: str
    ended_at: str | None
    reason: str
    filters: Filters
    hosts: list[str]
    rows: int
    books: str
    books_message: str
    runs: list[Run]


class Share(TypedDict):
    """A link has neither person nor team. `problem`: why it opens nothing."""

    id: int
    person: str | None
    team: str | None
    given_by: str
    created_at: str
    expires_at: str | None
    opened_by: list[str]
    problem: str


class ShareMade(Share):
    secret: str


class Template(TypedDict):
    """`token_at`: since when a webhook can start it. `next_at`: when its schedule does."""

    id: str
    name: str
    tool: str
    hosts: list[str]
    labels: dict[str, str]
    params: dict[str, str]
    reason: str
    team: str
    risk: str
    schedule: str
    next_at: str | None
    created_at: str
    token_at: str | None
    last_at: str | None
    last_outcome: str
    last_message: str
    last_session: str | None


class TemplateToken(TypedDict):
    token: str
    url: str


class ListedFunction(TypedDict):
    name: str
    type: str
    instructions: int
    bytecode: str


class Program(TypedDict):
    host: str
    source: str
    switches: list[str]
    functions: list[ListedFunction]
    log: str


class Limits(TypedDict, total=False):
    """0 or absent: no limit beyond the tool's and the host's own."""

    duration_ms: int
    rows: int
    bytes: int
    events_per_second: int
    budget_permille: int
    buffer_bytes: int
