"""The bodies of one run: rows that pass every check, decrypted first where the run is encrypted.

Ingest looks so at what it takes in. What a host encrypted it cannot look into; that is done here too, by whoever reads.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from proto.columnar import BodyDecoder, BodyError
from proto.encryption import EncryptionError, decrypt
from proto.frame import Frame
from proto.v1.stream_pb2 import BatchHead, RunSchema
from proto.v1.tool_pb2 import KIND_EVENTS

Unlock = Callable[[bytes], bytes]  # the wrapped key of the run to its data key


class BodyRefused(ValueError):
    """The body is not what its head or its stream says. One line."""


def checked_rows(head: BatchHead, decoder: BodyDecoder, body: bytes) -> pa.RecordBatch:
    """Raises BodyRefused."""
    try:
        rows = decoder.decode(body, head.body_size)
    except BodyError as error:
        raise BodyRefused(f"its rows do not follow the schema: {error}") from error
    if rows.num_rows != head.rows:
        raise BodyRefused(f"it announces {head.rows} rows and holds {rows.num_rows}")
    check_hits(head, decoder)
    return rows


def check_hits(head: BatchHead, decoder: BodyDecoder) -> None:
    """Raises BodyRefused."""
    if decoder.stream.kind == KIND_EVENTS and head.hits != head.rows:
        raise BodyRefused(f"it holds {head.rows} events and counts {head.hits}")


class Bodies:
    def __init__(self, schema: RunSchema | None, unlock: Unlock) -> None:
        self._schema = schema
        self._unlock = unlock
        self._key = b""
        self._decoders = [BodyDecoder(stream) for stream in schema.streams] if encrypted(schema) and schema else []

    def packed(self, frame: Frame) -> bytes:
        """The body as it was before it was encrypted, its rows checked if it was. Raises BodyRefused, or what
        `Unlock` raises.
        """
        if not self._decoders or not frame.body or self._schema is None:
            return frame.body
        head = frame.head
        if head.stream >= len(self._decoders):
            raise BodyRefused(f"the run has no stream {head.stream}")
        decoder = self._decoders[head.stream]
        try:
            self._key = self._key or self._unlock(self._schema.encryption.wrapped_key)
            body = decrypt(self._key, head, decoder.stream, frame.body)
        except EncryptionError as error:
            raise BodyRefused(str(error)) from error
        checked_rows(head, decoder, body)
        return body


def encrypted(schema: RunSchema | None) -> bool:
    return schema is not None and schema.HasField("encryption")
