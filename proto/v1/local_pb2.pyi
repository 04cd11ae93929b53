from proto.v1 import agent_pb2 as _agent_pb2
from proto.v1 import stream_pb2 as _stream_pb2
from proto.v1 import tool_pb2 as _tool_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunnerConfig(_message.Message):
    __slots__ = ("run_id", "envelope", "limits", "spool_dir", "spool_bytes", "headers_dir", "skip_families", "variant", "spool_gid", "own_pids", "redaction", "data_key", "hidden", "map_bytes")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    SPOOL_DIR_FIELD_NUMBER: _ClassVar[int]
    SPOOL_BYTES_FIELD_NUMBER: _ClassVar[int]
    HEADERS_DIR_FIELD_NUMBER: _ClassVar[int]
    SKIP_FAMILIES_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    SPOOL_GID_FIELD_NUMBER: _ClassVar[int]
    OWN_PIDS_FIELD_NUMBER: _ClassVar[int]
    REDACTION_FIELD_NUMBER: _ClassVar[int]
    DATA_KEY_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    MAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    envelope: _agent_pb2.Envelope
    limits: _agent_pb2.RunLimits
    spool_dir: str
    spool_bytes: int
    headers_dir: str
    skip_families: _containers.RepeatedScalarFieldContainer[int]
    variant: str
    spool_gid: int
    own_pids: _containers.RepeatedScalarFieldContainer[int]
    redaction: RedactionRules
    data_key: bytes
    hidden: _agent_pb2.Hidden
    map_bytes: int
    def __init__(self, run_id: _Optional[bytes] = ..., envelope: _Optional[_Union[_agent_pb2.Envelope, _Mapping]] = ..., limits: _Optional[_Union[_agent_pb2.RunLimits, _Mapping]] = ..., spool_dir: _Optional[str] = ..., spool_bytes: _Optional[int] = ..., headers_dir: _Optional[str] = ..., skip_families: _Optional[_Iterable[int]] = ..., variant: _Optional[str] = ..., spool_gid: _Optional[int] = ..., own_pids: _Optional[_Iterable[int]] = ..., redaction: _Optional[_Union[RedactionRules, _Mapping]] = ..., data_key: _Optional[bytes] = ..., hidden: _Optional[_Union[_agent_pb2.Hidden, _Mapping]] = ..., map_bytes: _Optional[int] = ...) -> None: ...

class RedactionRules(_message.Message):
    __slots__ = ("detectors", "patterns")
    DETECTORS_FIELD_NUMBER: _ClassVar[int]
    PATTERNS_FIELD_NUMBER: _ClassVar[int]
    detectors: _containers.RepeatedScalarFieldContainer[str]
    patterns: _containers.RepeatedCompositeFieldContainer[Pattern]
    def __init__(self, detectors: _Optional[_Iterable[str]] = ..., patterns: _Optional[_Iterable[_Union[Pattern, _Mapping]]] = ...) -> None: ...

class Pattern(_message.Message):
    __slots__ = ("name", "expression")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    expression: str
    def __init__(self, name: _Optional[str] = ..., expression: _Optional[str] = ...) -> None: ...

class WardenToRunner(_message.Message):
    __slots__ = ("stop", "watch", "recorded")
    STOP_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    stop: _agent_pb2.Stop
    watch: _agent_pb2.Watch
    recorded: bool
    def __init__(self, stop: _Optional[_Union[_agent_pb2.Stop, _Mapping]] = ..., watch: _Optional[_Union[_agent_pb2.Watch, _Mapping]] = ..., recorded: _Optional[bool] = ...) -> None: ...

class RunnerToWarden(_message.Message):
    __slots__ = ("update", "program_types")
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_TYPES_FIELD_NUMBER: _ClassVar[int]
    update: _agent_pb2.RunUpdate
    program_types: _containers.RepeatedScalarFieldContainer[_tool_pb2.ProbeType]
    def __init__(self, update: _Optional[_Union[_agent_pb2.RunUpdate, _Mapping]] = ..., program_types: _Optional[_Iterable[_Union[_tool_pb2.ProbeType, str]]] = ...) -> None: ...

class LinkToWarden(_message.Message):
    __slots__ = ("server", "ack", "reject", "link")
    SERVER_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    REJECT_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    server: _agent_pb2.ServerMessage
    ack: _agent_pb2.Ack
    reject: _agent_pb2.Reject
    link: LinkState
    def __init__(self, server: _Optional[_Union[_agent_pb2.ServerMessage, _Mapping]] = ..., ack: _Optional[_Union[_agent_pb2.Ack, _Mapping]] = ..., reject: _Optional[_Union[_agent_pb2.Reject, _Mapping]] = ..., link: _Optional[_Union[LinkState, _Mapping]] = ...) -> None: ...

class WardenToLink(_message.Message):
    __slots__ = ("agent", "spooled", "credentials")
    AGENT_FIELD_NUMBER: _ClassVar[int]
    SPOOLED_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    agent: _agent_pb2.AgentMessage
    spooled: Spooled
    credentials: Credentials
    def __init__(self, agent: _Optional[_Union[_agent_pb2.AgentMessage, _Mapping]] = ..., spooled: _Optional[_Union[Spooled, _Mapping]] = ..., credentials: _Optional[_Union[Credentials, _Mapping]] = ...) -> None: ...

class Credentials(_message.Message):
    __slots__ = ("key", "certificate", "authorities")
    KEY_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    AUTHORITIES_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    certificate: bytes
    authorities: bytes
    def __init__(self, key: _Optional[bytes] = ..., certificate: _Optional[bytes] = ..., authorities: _Optional[bytes] = ...) -> None: ...

class Spooled(_message.Message):
    __slots__ = ("run_id", "seq", "ended", "acked_seq")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    ACKED_SEQ_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    seq: int
    ended: bool
    acked_seq: int
    def __init__(self, run_id: _Optional[bytes] = ..., seq: _Optional[int] = ..., ended: _Optional[bool] = ..., acked_seq: _Optional[int] = ...) -> None: ...

class LinkState(_message.Message):
    __slots__ = ("connected", "message", "since_wall_ns")
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SINCE_WALL_NS_FIELD_NUMBER: _ClassVar[int]
    connected: bool
    message: str
    since_wall_ns: int
    def __init__(self, connected: _Optional[bool] = ..., message: _Optional[str] = ..., since_wall_ns: _Optional[int] = ...) -> None: ...
