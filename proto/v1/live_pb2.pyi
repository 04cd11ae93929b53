from proto.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ViewerMessage(_message.Message):
    __slots__ = ("subscribe", "seen")
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    subscribe: Subscribe
    seen: Seen
    def __init__(self, subscribe: _Optional[_Union[Subscribe, _Mapping]] = ..., seen: _Optional[_Union[Seen, _Mapping]] = ...) -> None: ...

class Subscribe(_message.Message):
    __slots__ = ("cursors",)
    CURSORS_FIELD_NUMBER: _ClassVar[int]
    cursors: _containers.RepeatedCompositeFieldContainer[Cursor]
    def __init__(self, cursors: _Optional[_Iterable[_Union[Cursor, _Mapping]]] = ...) -> None: ...

class Cursor(_message.Message):
    __slots__ = ("run", "seq")
    RUN_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    run: str
    seq: int
    def __init__(self, run: _Optional[str] = ..., seq: _Optional[int] = ...) -> None: ...

class Seen(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: int
    def __init__(self, messages: _Optional[int] = ...) -> None: ...

class LiveMessage(_message.Message):
    __slots__ = ("state", "rows", "skipped", "closing", "group")
    STATE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    CLOSING_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    state: SessionState
    rows: RunRows
    skipped: Skipped
    closing: Closing
    group: RowsGroup
    def __init__(self, state: _Optional[_Union[SessionState, _Mapping]] = ..., rows: _Optional[_Union[RunRows, _Mapping]] = ..., skipped: _Optional[_Union[Skipped, _Mapping]] = ..., closing: _Optional[_Union[Closing, _Mapping]] = ..., group: _Optional[_Union[RowsGroup, _Mapping]] = ...) -> None: ...

class SessionState(_message.Message):
    __slots__ = ("session", "state", "runs", "watching")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    WATCHING_FIELD_NUMBER: _ClassVar[int]
    session: str
    state: str
    runs: _containers.RepeatedCompositeFieldContainer[RunState]
    watching: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session: _Optional[str] = ..., state: _Optional[str] = ..., runs: _Optional[_Iterable[_Union[RunState, _Mapping]]] = ..., watching: _Optional[_Iterable[str]] = ...) -> None: ...

class RunState(_message.Message):
    __slots__ = ("run", "host", "state", "schema", "ledger", "cost", "end", "boot_ns", "wall_ns", "stored_seq", "books", "books_message", "silent_since_wall_ns", "locked", "note")
    RUN_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    STORED_SEQ_FIELD_NUMBER: _ClassVar[int]
    BOOKS_FIELD_NUMBER: _ClassVar[int]
    BOOKS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SILENT_SINCE_WALL_NS_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    run: str
    host: str
    state: str
    schema: _stream_pb2.RunSchema
    ledger: _stream_pb2.Ledger
    cost: _stream_pb2.Cost
    end: _stream_pb2.RunEnd
    boot_ns: int
    wall_ns: int
    stored_seq: int
    books: str
    books_message: str
    silent_since_wall_ns: int
    locked: bool
    note: str
    def __init__(self, run: _Optional[str] = ..., host: _Optional[str] = ..., state: _Optional[str] = ..., schema: _Optional[_Union[_stream_pb2.RunSchema, _Mapping]] = ..., ledger: _Optional[_Union[_stream_pb2.Ledger, _Mapping]] = ..., cost: _Optional[_Union[_stream_pb2.Cost, _Mapping]] = ..., end: _Optional[_Union[_stream_pb2.RunEnd, _Mapping]] = ..., boot_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., stored_seq: _Optional[int] = ..., books: _Optional[str] = ..., books_message: _Optional[str] = ..., silent_since_wall_ns: _Optional[int] = ..., locked: _Optional[bool] = ..., note: _Optional[str] = ...) -> None: ...

class RunRows(_message.Message):
    __slots__ = ("run", "seq", "stream", "rows", "first_row", "body", "backfill", "boot_ns", "wall_ns", "parts")
    RUN_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    FIRST_ROW_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_FIELD_NUMBER: _ClassVar[int]
    BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    run: str
    seq: int
    stream: int
    rows: int
    first_row: int
    body: bytes
    backfill: bool
    boot_ns: int
    wall_ns: int
    parts: _containers.RepeatedCompositeFieldContainer[Part]
    def __init__(self, run: _Optional[str] = ..., seq: _Optional[int] = ..., stream: _Optional[int] = ..., rows: _Optional[int] = ..., first_row: _Optional[int] = ..., body: _Optional[bytes] = ..., backfill: _Optional[bool] = ..., boot_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., parts: _Optional[_Iterable[_Union[Part, _Mapping]]] = ...) -> None: ...

class Part(_message.Message):
    __slots__ = ("rows", "wall_ns")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    rows: int
    wall_ns: int
    def __init__(self, rows: _Optional[int] = ..., wall_ns: _Optional[int] = ...) -> None: ...

class RowsGroup(_message.Message):
    __slots__ = ("batches",)
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[RunRows]
    def __init__(self, batches: _Optional[_Iterable[_Union[RunRows, _Mapping]]] = ...) -> None: ...

class Skipped(_message.Message):
    __slots__ = ("run", "first_seq", "last_seq", "rows")
    RUN_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    run: str
    first_seq: int
    last_seq: int
    rows: int
    def __init__(self, run: _Optional[str] = ..., first_seq: _Optional[int] = ..., last_seq: _Optional[int] = ..., rows: _Optional[int] = ...) -> None: ...

class Closing(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...
