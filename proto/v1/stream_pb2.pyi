from proto.v1 import tool_pb2 as _tool_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LossCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOSS_CAUSE_UNSPECIFIED: _ClassVar[LossCause]
    LOSS_CAUSE_RING: _ClassVar[LossCause]
    LOSS_CAUSE_THROTTLED: _ClassVar[LossCause]
    LOSS_CAUSE_LIMIT: _ClassVar[LossCause]
    LOSS_CAUSE_SPOOL: _ClassVar[LossCause]
    LOSS_CAUSE_MAP_FULL: _ClassVar[LossCause]
    LOSS_CAUSE_STACK_FULL: _ClassVar[LossCause]
    LOSS_CAUSE_MISSED: _ClassVar[LossCause]
    LOSS_CAUSE_CRASH: _ClassVar[LossCause]
    LOSS_CAUSE_DAMAGED: _ClassVar[LossCause]
    LOSS_CAUSE_UNSEEN: _ClassVar[LossCause]

class EndCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    END_CAUSE_UNSPECIFIED: _ClassVar[EndCause]
    END_CAUSE_DURATION: _ClassVar[EndCause]
    END_CAUSE_STOPPED: _ClassVar[EndCause]
    END_CAUSE_ROWS: _ClassVar[EndCause]
    END_CAUSE_BYTES: _ClassVar[EndCause]
    END_CAUSE_BUDGET: _ClassVar[EndCause]
    END_CAUSE_TARGET_EXITED: _ClassVar[EndCause]
    END_CAUSE_SWITCHED_OFF: _ClassVar[EndCause]
    END_CAUSE_RUNNER_DIED: _ClassVar[EndCause]
    END_CAUSE_AGENT_STOPPED: _ClassVar[EndCause]
    END_CAUSE_FAILED: _ClassVar[EndCause]
    END_CAUSE_SPOOL_FULL: _ClassVar[EndCause]
    END_CAUSE_STORE_FULL: _ClassVar[EndCause]
LOSS_CAUSE_UNSPECIFIED: LossCause
LOSS_CAUSE_RING: LossCause
LOSS_CAUSE_THROTTLED: LossCause
LOSS_CAUSE_LIMIT: LossCause
LOSS_CAUSE_SPOOL: LossCause
LOSS_CAUSE_MAP_FULL: LossCause
LOSS_CAUSE_STACK_FULL: LossCause
LOSS_CAUSE_MISSED: LossCause
LOSS_CAUSE_CRASH: LossCause
LOSS_CAUSE_DAMAGED: LossCause
LOSS_CAUSE_UNSEEN: LossCause
END_CAUSE_UNSPECIFIED: EndCause
END_CAUSE_DURATION: EndCause
END_CAUSE_STOPPED: EndCause
END_CAUSE_ROWS: EndCause
END_CAUSE_BYTES: EndCause
END_CAUSE_BUDGET: EndCause
END_CAUSE_TARGET_EXITED: EndCause
END_CAUSE_SWITCHED_OFF: EndCause
END_CAUSE_RUNNER_DIED: EndCause
END_CAUSE_AGENT_STOPPED: EndCause
END_CAUSE_FAILED: EndCause
END_CAUSE_SPOOL_FULL: EndCause
END_CAUSE_STORE_FULL: EndCause

class RunSchema(_message.Message):
    __slots__ = ("tool", "tool_digest", "variant", "loses", "streams", "attached", "encryption")
    TOOL_FIELD_NUMBER: _ClassVar[int]
    TOOL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    LOSES_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    tool: str
    tool_digest: bytes
    variant: str
    loses: str
    streams: _containers.RepeatedCompositeFieldContainer[StreamSchema]
    attached: str
    encryption: RunEncryption
    def __init__(self, tool: _Optional[str] = ..., tool_digest: _Optional[bytes] = ..., variant: _Optional[str] = ..., loses: _Optional[str] = ..., streams: _Optional[_Iterable[_Union[StreamSchema, _Mapping]]] = ..., attached: _Optional[str] = ..., encryption: _Optional[_Union[RunEncryption, _Mapping]] = ...) -> None: ...

class StreamSchema(_message.Message):
    __slots__ = ("name", "kind", "title", "columns", "arrow_schema", "hits")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ARROW_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: _tool_pb2.Kind
    title: str
    columns: _containers.RepeatedCompositeFieldContainer[_tool_pb2.Column]
    arrow_schema: bytes
    hits: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[_tool_pb2.Kind, str]] = ..., title: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[_tool_pb2.Column, _Mapping]]] = ..., arrow_schema: _Optional[bytes] = ..., hits: _Optional[str] = ...) -> None: ...

class BatchHead(_message.Message):
    __slots__ = ("run_id", "seq", "stream", "rows", "first_row", "body_size", "boot_ns", "wall_ns", "ledger", "encryption", "end", "hits", "damaged")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    FIRST_ROW_FIELD_NUMBER: _ClassVar[int]
    BODY_SIZE_FIELD_NUMBER: _ClassVar[int]
    BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    seq: int
    stream: int
    rows: int
    first_row: int
    body_size: int
    boot_ns: int
    wall_ns: int
    ledger: Ledger
    encryption: Encryption
    end: RunEnd
    hits: int
    damaged: str
    def __init__(self, run_id: _Optional[bytes] = ..., seq: _Optional[int] = ..., stream: _Optional[int] = ..., rows: _Optional[int] = ..., first_row: _Optional[int] = ..., body_size: _Optional[int] = ..., boot_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., ledger: _Optional[_Union[Ledger, _Mapping]] = ..., encryption: _Optional[_Union[Encryption, _Mapping]] = ..., end: _Optional[_Union[RunEnd, _Mapping]] = ..., hits: _Optional[int] = ..., damaged: _Optional[str] = ...) -> None: ...

class Encryption(_message.Message):
    __slots__ = ("algorithm", "nonce")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    algorithm: int
    nonce: bytes
    def __init__(self, algorithm: _Optional[int] = ..., nonce: _Optional[bytes] = ...) -> None: ...

class RunEncryption(_message.Message):
    __slots__ = ("algorithm", "wrapped_key", "kept")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_KEY_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    algorithm: int
    wrapped_key: bytes
    kept: bool
    def __init__(self, algorithm: _Optional[int] = ..., wrapped_key: _Optional[bytes] = ..., kept: _Optional[bool] = ...) -> None: ...

class Ledger(_message.Message):
    __slots__ = ("seen", "stored", "lost", "blind", "blind_ns", "redacted")
    SEEN_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    BLIND_FIELD_NUMBER: _ClassVar[int]
    BLIND_NS_FIELD_NUMBER: _ClassVar[int]
    REDACTED_FIELD_NUMBER: _ClassVar[int]
    seen: int
    stored: int
    lost: _containers.RepeatedCompositeFieldContainer[Loss]
    blind: int
    blind_ns: int
    redacted: _containers.RepeatedCompositeFieldContainer[Redacted]
    def __init__(self, seen: _Optional[int] = ..., stored: _Optional[int] = ..., lost: _Optional[_Iterable[_Union[Loss, _Mapping]]] = ..., blind: _Optional[int] = ..., blind_ns: _Optional[int] = ..., redacted: _Optional[_Iterable[_Union[Redacted, _Mapping]]] = ...) -> None: ...

class Redacted(_message.Message):
    __slots__ = ("kind", "values")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    kind: str
    values: int
    def __init__(self, kind: _Optional[str] = ..., values: _Optional[int] = ...) -> None: ...

class Loss(_message.Message):
    __slots__ = ("cause", "events", "first_boot_ns", "last_boot_ns", "buffer_bytes")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    LAST_BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    BUFFER_BYTES_FIELD_NUMBER: _ClassVar[int]
    cause: LossCause
    events: int
    first_boot_ns: int
    last_boot_ns: int
    buffer_bytes: int
    def __init__(self, cause: _Optional[_Union[LossCause, str]] = ..., events: _Optional[int] = ..., first_boot_ns: _Optional[int] = ..., last_boot_ns: _Optional[int] = ..., buffer_bytes: _Optional[int] = ...) -> None: ...

class RunEnd(_message.Message):
    __slots__ = ("cause", "message", "ledger_known", "by")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_KNOWN_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    cause: EndCause
    message: str
    ledger_known: bool
    by: str
    def __init__(self, cause: _Optional[_Union[EndCause, str]] = ..., message: _Optional[str] = ..., ledger_known: _Optional[bool] = ..., by: _Optional[str] = ...) -> None: ...

class Cost(_message.Message):
    __slots__ = ("host_percent", "thread_percent", "bpf_run_ns", "bpf_runs", "runner_cpu_ns")
    HOST_PERCENT_FIELD_NUMBER: _ClassVar[int]
    THREAD_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BPF_RUN_NS_FIELD_NUMBER: _ClassVar[int]
    BPF_RUNS_FIELD_NUMBER: _ClassVar[int]
    RUNNER_CPU_NS_FIELD_NUMBER: _ClassVar[int]
    host_percent: float
    thread_percent: float
    bpf_run_ns: int
    bpf_runs: int
    runner_cpu_ns: int
    def __init__(self, host_percent: _Optional[float] = ..., thread_percent: _Optional[float] = ..., bpf_run_ns: _Optional[int] = ..., bpf_runs: _Optional[int] = ..., runner_cpu_ns: _Optional[int] = ...) -> None: ...

class Listing(_message.Message):
    __slots__ = ("source", "switches", "functions", "log", "maps")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    MAPS_FIELD_NUMBER: _ClassVar[int]
    source: str
    switches: _containers.RepeatedScalarFieldContainer[str]
    functions: _containers.RepeatedCompositeFieldContainer[ListedFunction]
    log: str
    maps: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, source: _Optional[str] = ..., switches: _Optional[_Iterable[str]] = ..., functions: _Optional[_Iterable[_Union[ListedFunction, _Mapping]]] = ..., log: _Optional[str] = ..., maps: _Optional[_Iterable[str]] = ...) -> None: ...

class ListedFunction(_message.Message):
    __slots__ = ("name", "type", "code")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _tool_pb2.ProbeType
    code: bytes
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_tool_pb2.ProbeType, str]] = ..., code: _Optional[bytes] = ...) -> None: ...
