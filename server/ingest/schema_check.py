"""Is this schema what the run may pin? All that the tool's manifest says must be as it says; of columns that only the
host can know, form and size are checked.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence

from google.protobuf.message import Message

from bpf.layout import active_columns
from bpf.params import ParamError, parse_params
from bpf.rules import RESERVED_COLUMNS
from proto.columnar import arrow_schema, schema_message
from proto.encryption import ALGORITHM, WRAPPED
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Envelope
from proto.v1.stream_pb2 import RunSchema, StreamSchema
from server.catalog.tools import catalogue
from server.tracing.models import Session

MAX_SCHEMA = 1024 * 1024
MAX_STREAMS = 32
MAX_COLUMNS = 256
MAX_SYMBOLS = 16_384  # of one column
MAX_TEXT = 4096
MAX_SIZE = 65_536  # of one value in bytes
MAX_CLASSES = 64
# A C identifier; agents make column names of the kernel's field names.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# A stream has one of each at most, and the manifest has it already.
_MANIFEST_ROLES = (pb.ROLE_TIME, pb.ROLE_BUCKET, pb.ROLE_STACK)


class SchemaError(ValueError):
    """The run may not have this schema. The text is one line for people."""


def acceptable(session: uuid.UUID, schema: RunSchema) -> RunSchema:
    """The schema as it can be pinned. Raises SchemaError."""
    found = Session.objects.filter(id=session).first()
    if found is None:
        raise SchemaError("its session was deleted")
    return checked(found, schema)


def checked(session: Session, sent: RunSchema) -> RunSchema:
    """A copy without what this server does not know, its Arrow schemas made here. Raises SchemaError."""
    if sent.ByteSize() > MAX_SCHEMA:
        raise SchemaError(f"it has more than {MAX_SCHEMA} bytes")
    schema = RunSchema()
    schema.CopyFrom(sent)
    schema.DiscardUnknownFields()
    if (schema.tool, schema.tool_digest.hex()) != (session.tool, session.tool_digest):
        raise SchemaError(f"it is of {_shown(schema.tool)} in a version that was not asked for")
    _check_texts(schema, "it")
    _check_encryption(session, schema)
    manifest = _manifest(session)
    if manifest is None:
        _check_unknown(schema)
    else:
        _check_streams(schema, manifest)
    # Hosts may have another version of pyarrow, whose bytes for the same schema need not be the same.
    for stream in schema.streams:
        stream.arrow_schema = schema_message(arrow_schema(stream.columns))
    return schema


def _check_encryption(session: Session, schema: RunSchema) -> None:
    """Plaintext is taken in encrypted or not at all. A host may find a higher class than the server could tell."""
    if not schema.HasField("encryption"):
        if session.plaintext:
            raise SchemaError("rows of risk class S3 have to come encrypted, and it does not say how they are")
        return
    if schema.encryption.algorithm != ALGORITHM or len(schema.encryption.wrapped_key) != WRAPPED:
        raise SchemaError("its rows are encrypted in a way that nobody could undo")
    if not Envelope.FromString(bytes(session.envelope)).payload_key:
        raise SchemaError("its rows are encrypted, and the start named no key for that")


def _manifest(session: Session) -> list[tuple[pb.Stream, list[pb.Column]]] | None:
    """Each stream and the columns that this session switches on. None: the server was updated after the start and has
    another version of the tool now.
    """
    entry = catalogue().get(session.tool)
    if entry is None or entry.digest.hex() != session.tool_digest:
        return None
    try:
        values = parse_params(entry.tool, session.params)
    except ParamError:
        return None
    return [(stream, active_columns(entry.tool, stream, values)) for stream in entry.tool.streams]


def _check_streams(schema: RunSchema, manifest: Sequence[tuple[pb.Stream, list[pb.Column]]]) -> None:
    if len(schema.streams) != len(manifest):
        raise SchemaError(f"it has {len(schema.streams)} streams, the tool has {len(manifest)}")
    for sent, (stream, columns) in zip(schema.streams, manifest, strict=True):
        for key in ("name", "kind", "title", "hits"):
            if getattr(sent, key) != getattr(stream, key):
                raise SchemaError(f"stream {stream.name}: its {key} is not the tool's")
        _check_columns(sent, stream, columns)


def _check_columns(sent: StreamSchema, stream: pb.Stream, columns: Sequence[pb.Column]) -> None:
    for index, column in enumerate(columns):
        if index >= len(sent.columns) or sent.columns[index] != column:
            raise SchemaError(f"stream {stream.name}: column {column.name} is missing or not as the tool has it")
    found = sent.columns[len(columns) :]
    if found and not stream.dynamic:
        raise SchemaError(f"stream {stream.name}: the session has no column {_shown(found[0].name)}")
    if stream.dynamic:
        _check_form(sent, found)
    for column in found:
        if column.role in _MANIFEST_ROLES or column.type == pb.CTYPE_STACK:
            raise SchemaError(f"stream {stream.name}: column {_shown(column.name)} has a role that only the tool gives")


def _check_unknown(schema: RunSchema) -> None:
    if not 0 < len(schema.streams) <= MAX_STREAMS:
        raise SchemaError(f"it has {len(schema.streams)} streams; 1 to {MAX_STREAMS} can be stored")
    _check_names((stream.name for stream in schema.streams), "it")
    for stream in schema.streams:
        _check_enums(stream, f"stream {stream.name}")
        _check_texts(stream, f"stream {stream.name}")
        _check_form(stream, stream.columns)


def _check_form(stream: StreamSchema, columns: Iterable[pb.Column]) -> None:
    """All names together; of ``columns`` everything else too."""
    where = f"stream {stream.name}"
    if not 0 < len(stream.columns) <= MAX_COLUMNS:
        raise SchemaError(f"{where} has {len(stream.columns)} columns; 1 to {MAX_COLUMNS} can be stored")
    _check_names((column.name for column in stream.columns), where)
    for column in columns:
        at = f"{where}, column {column.name}"
        if column.name.lower() in RESERVED_COLUMNS:
            raise SchemaError(f"{at}: the server adds a column of that name itself")
        _check_enums(column, at)
        _check_texts(column, at)
        if max(column.size, *column.classes, 0) > MAX_SIZE or len(column.classes) > MAX_CLASSES:
            raise SchemaError(f"{at}: its values are larger than {MAX_SIZE} bytes")
        if len(column.symbols) > MAX_SYMBOLS:
            raise SchemaError(f"{at}: it names {len(column.symbols)} values; {MAX_SYMBOLS} can be stored")
        for symbol in column.symbols:
            _check_texts(symbol, at)


def _check_names(names: Iterable[str], where: str) -> None:
    """Databases and spreadsheets do not tell upper from lower case."""
    seen: set[str] = set()
    for name in names:
        if not _NAME.fullmatch(name):
            raise SchemaError(f"{where}: {_shown(name)} is no name")
        if name.lower() in seen:
            raise SchemaError(f"{where}: the name {_shown(name)} is there twice")
        seen.add(name.lower())


def _check_enums(message: Message, where: str) -> None:
    for field in message.DESCRIPTOR.fields:
        if field.enum_type is not None:
            number = getattr(message, field.name)
            if not number or number not in field.enum_type.values_by_number:
                raise SchemaError(f"{where}: its {field.name} {number} is not known here")


def _check_texts(message: Message, where: str) -> None:
    for field, value in message.ListFields():
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise SchemaError(f"{where}: its {field.name} has more than {MAX_TEXT} characters")


def _shown(name: str) -> str:
    return repr(name[:64])
