from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from agent.runner.attach import Request
from agent.runner.resolve import resolve
from agent.runner.streams import run_schema
from bpf.params import parse_params
from proto.columnar import arrow_schema, schema_message
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Envelope, Filters
from proto.v1.stream_pb2 import RunEncryption, RunSchema
from server.accounts.models import Risk
from server.catalog.tools import catalogue
from server.ingest import schema_check
from server.ingest.schema_check import MAX_COLUMNS, MAX_SYMBOLS, MAX_TEXT, SchemaError, checked
from server.tracing.models import Session

# What the tools ask for that have no default for it.
REQUIRED = {
    "function": "c:read",
    "probe": "/usr/bin/python3:python:gc__*",
    "tracepoint": "sched:sched_process_fork",
    "terminal": "pts/3",
}
CALL = {"function": "c:read", "args": "fd:s32,data:bytes[count],count:u64", "ret": "s64", "latency": "true"}
FORK = {"tracepoint": REQUIRED["tracepoint"]}
Change = Callable[[RunSchema], object]


def session(tool: str, params: Mapping[str, str]) -> Session:
    return Session(risk=Risk.S2, tool=tool, team_id=0, tool_digest=catalogue()[tool].digest.hex(), params=dict(params))


def sent(tool: str, params: Mapping[str, str], *, trial: bool = False) -> RunSchema:
    """What an agent announces."""
    entry = catalogue()[tool]
    request = resolve(Request(entry, parse_params(entry.tool, params), Filters(), trial=trial))
    return run_schema(request, entry.tool.variants[0])


def choices(tool: pb.Tool) -> Iterator[dict[str, str]]:
    """Default parameters, then each switch in each of its positions."""
    needed = {param.name: REQUIRED[param.name] for param in tool.params if param.required}
    yield needed
    for param in tool.params:
        values = ["true", "false"] if param.type == pb.PARAM_TYPE_BOOL else param.choices
        for value in values:
            yield {**needed, param.name: value}


CASES = [(name, params) for name, entry in catalogue().items() for params in choices(entry.tool)]


@pytest.mark.parametrize(("tool", "params"), CASES, ids=str)
def test_what_an_agent_announces_is_accepted_as_it_is(tool: str, params: dict[str, str]) -> None:
    schema = sent(tool, params, trial=tool == "usdt")
    assert checked(session(tool, params), schema) == schema


def test_columns_that_only_the_host_knows_are_accepted() -> None:
    call = checked(session("uprobe", CALL), sent("uprobe", CALL))
    always = ["time", "pid", "tid", "comm", "cgroup", "container"]
    asked = ["function", "latency", "fd", "data", "data_read", "count", "ret"]
    assert [column.name for column in call.streams[0].columns] == [*always, *asked]
    fork = sent("tracepoint", FORK)
    assert {"parent_pid", "child_pid"} <= {column.name for column in fork.streams[0].columns}
    assert checked(session("tracepoint", FORK), fork) == fork


def with_column(**fields: object) -> Change:
    """Some column behind the tool's, valid but for these fields."""
    valid: dict[str, object] = {
        "name": "value",
        "type": pb.CTYPE_U64,
        "unit": pb.UNIT_NONE,
        "role": pb.ROLE_MEASURE,
        "sensitivity": pb.SENSITIVITY_PUBLIC,
    }
    return lambda schema: schema.streams[0].columns.add(**{**valid, **fields})


def first(name: str, value: object) -> Change:
    return lambda schema: setattr(schema.streams[0].columns[0], name, value)


def stream(name: str, value: object) -> Change:
    return lambda schema: setattr(schema.streams[0], name, value)


def many(schema: RunSchema) -> None:
    for number in range(MAX_COLUMNS):
        with_column(name=f"c{number}")(schema)


SYMBOLS = [pb.Symbol(value=number, name="x") for number in range(MAX_SYMBOLS + 1)]
STATIC: list[tuple[Change, str]] = [
    (lambda s: setattr(s, "tool", "execsnoop"), "it is of 'execsnoop' in a version that was not asked for"),
    (lambda s: setattr(s, "tool_digest", b"\x01" * 32), "in a version that was not asked for"),
    (lambda s: setattr(s, "tool_digest", b""), "in a version that was not asked for"),
    (lambda s: setattr(s, "loses", "x" * (MAX_TEXT + 1)), "its loses has more than 4096 characters"),
    (lambda s: s.ClearField("streams"), "it has 0 streams, the tool has 1"),
    (lambda s: s.streams.append(s.streams[0]), "it has 2 streams, the tool has 1"),
    (stream("name", "opens; --"), "stream opens: its name is not the tool's"),
    (stream("kind", pb.KIND_BYTES), "stream opens: its kind is not the tool's"),
    (stream("kind", 99), "stream opens: its kind is not the tool's"),
    (stream("title", "Your password"), "stream opens: its title is not the tool's"),
    (stream("hits", "fd"), "stream opens: its hits is not the tool's"),
    (lambda s: s.streams[0].columns.pop(), "column path is missing or not as the tool has it"),
    (lambda s: s.streams[0].columns.reverse(), "column time is missing or not as the tool has it"),
    (first("name", "when"), "column time is missing or not as the tool has it"),
    (first("type", pb.CTYPE_U8), "column time is missing or not as the tool has it"),
    (first("unit", pb.UNIT_PID), "column time is missing or not as the tool has it"),
    (first("sensitivity", 77), "column time is missing or not as the tool has it"),
    (first("help", "Click here"), "column time is missing or not as the tool has it"),
    (first("hidden", True), "column time is missing or not as the tool has it"),
    (with_column(), "stream opens: the session has no column 'value'"),
]
DYNAMIC: list[tuple[Change, str]] = [
    (lambda s: s.streams[0].columns.pop(0), "column time is missing or not as the tool has it"),
    (lambda s: s.streams[0].columns.insert(0, s.streams[0].columns[-1]), "column time is missing"),
    (many, "columns; 1 to 256 can be stored"),
    (with_column(name=""), "'' is no name"),
    (with_column(name='x" OR 1'), "is no name"),
    (with_column(name="löschen"), "is no name"),
    (with_column(name="line\n"), "is no name"),
    (with_column(name="x" * 200), "is no name"),
    (with_column(name="PID"), "the name 'PID' is there twice"),
    (with_column(name="fd"), "the name 'fd' is there twice"),
    (with_column(name="_seq"), "column _seq: the server adds a column of that name itself"),
    (with_column(name="Host"), "column Host: the server adds a column of that name itself"),
    (with_column(type=99), "column value: its type 99 is not known here"),
    (with_column(type=0), "column value: its type 0 is not known here"),
    (with_column(unit=999), "column value: its unit 999 is not known here"),
    (with_column(role=99), "column value: its role 99 is not known here"),
    (with_column(sensitivity=99), "column value: its sensitivity 99 is not known here"),
    (with_column(role=pb.ROLE_TIME), "column 'value' has a role that only the tool gives"),
    (with_column(type=pb.CTYPE_STACK), "column 'value' has a role that only the tool gives"),
    (with_column(help="x" * (MAX_TEXT + 1)), "column value: its help has more than 4096 characters"),
    (with_column(title="x" * (MAX_TEXT + 1)), "column value: its title has more than 4096 characters"),
    (with_column(type=pb.CTYPE_CHAR, size=2**31), "column value: its values are larger than 65536 bytes"),
    (with_column(classes=[2**31]), "column value: its values are larger than 65536 bytes"),
    (with_column(symbols=SYMBOLS), f"column value: it names {MAX_SYMBOLS + 1} values; {MAX_SYMBOLS} can be stored"),
    (with_column(symbols=[pb.Symbol(name="x" * (MAX_TEXT + 1))]), "its name has more than 4096 characters"),
    (with_column(help="x" * 2**20), "it has more than 1048576 bytes"),
]


@pytest.mark.parametrize(("change", "reason"), STATIC)
def test_what_the_manifest_does_not_say_is_refused(change: Change, reason: str) -> None:
    assert reason in refusal("opensnoop", {}, change)


@pytest.mark.parametrize(("change", "reason"), DYNAMIC)
def test_columns_that_cannot_be_stored_are_refused(change: Change, reason: str) -> None:
    assert reason in refusal("uprobe", CALL, change)


def refusal(tool: str, params: Mapping[str, str], change: Change) -> str:
    schema = sent(tool, params)
    change(schema)
    with pytest.raises(SchemaError) as caught:
        checked(session(tool, params), schema)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_column_that_was_not_switched_on_is_refused() -> None:
    with pytest.raises(SchemaError, match="column path is missing"):
        checked(session("opensnoop", {}), sent("opensnoop", {"folder": "true"}))
    with pytest.raises(SchemaError, match="column folder is missing"):
        checked(session("opensnoop", {"folder": "true"}), sent("opensnoop", {}))


def test_arrow_schemas_are_made_here() -> None:
    schema = sent("opensnoop", {})
    schema.streams[0].arrow_schema = b"\xff" * 100
    made = checked(session("opensnoop", {}), schema).streams[0]
    assert made.arrow_schema == schema_message(arrow_schema(made.columns))
    assert schema.streams[0].arrow_schema == b"\xff" * 100


def test_what_a_newer_agent_adds_is_left_out() -> None:
    schema = sent("opensnoop", {})
    newer = RunSchema.FromString(schema.SerializeToString() + b"\xfa\x3f\x03new")
    assert checked(session("opensnoop", {}), newer) == schema


class TestAfterAnUpdateOfTheServer:
    """The manifest that the session was started with is gone, so only form and size can be checked."""

    @pytest.fixture(autouse=True)
    def _gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(schema_check, "catalogue", dict)

    @pytest.mark.parametrize(("tool", "params"), [("opensnoop", {}), ("biolatency", {}), ("uprobe", CALL)])
    def test_runs_go_on(self, tool: str, params: dict[str, str]) -> None:
        schema = sent(tool, params)
        assert checked(session(tool, params), schema) == schema

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (stream("kind", 99), "stream opens: its kind 99 is not known here"),
            (stream("name", "../opens"), "'../opens' is no name"),
            (first("type", 99), "stream opens, column time: its type 99 is not known here"),
            (lambda s: s.ClearField("streams"), "it has 0 streams; 1 to 32 can be stored"),
            (lambda s: s.streams.append(s.streams[0]), "the name 'opens' is there twice"),
            (lambda s: s.streams[0].ClearField("columns"), "has 0 columns; 1 to 256 can be stored"),
        ],
    )
    def test_what_cannot_be_stored_is_refused(self, change: Change, reason: str) -> None:
        assert reason in refusal("opensnoop", {}, change)


def test_plaintext_comes_encrypted_to_the_key_of_its_start_or_not_at_all() -> None:
    started = session("sslsniff", {})
    started.risk = Risk.S3
    schema = sent("sslsniff", {})
    with pytest.raises(SchemaError, match="have to come encrypted"):
        checked(started, schema)
    schema.encryption.CopyFrom(RunEncryption(algorithm=1, wrapped_key=bytes(80)))
    with pytest.raises(SchemaError, match="named no key"):
        checked(started, schema)
    started.envelope = Envelope(payload_key=bytes(32)).SerializeToString()
    assert checked(started, schema).encryption == schema.encryption
    for wrong in (RunEncryption(algorithm=2, wrapped_key=bytes(80)), RunEncryption(algorithm=1, wrapped_key=b"x")):
        schema.encryption.CopyFrom(wrong)
        with pytest.raises(SchemaError, match="nobody could undo"):
            checked(started, schema)
