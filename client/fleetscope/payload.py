"""The payload of rows: the very bytes that a traced program handled."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fleetscope.errors import FleetscopeError

_ESCAPED = re.compile(r"\\(\\|x[0-9a-f]{2})")
Stream = Mapping[str, Any]


def payload_stream(tool: str, streams: Sequence[Stream]) -> Stream:
    """The one that carries payload. Raises FleetscopeError when the tool has none."""
    for stream in streams:
        if stream["kind"] == "bytes":
            return stream
    kinds = " and ".join(dict.fromkeys(str(stream["kind"]) for stream in streams))
    raise FleetscopeError(
        f"{tool} yields {kinds}, which have no payload; raw is for tools of kind bytes, use ndjson or another format"
    )


class Payload:
    """Takes the bytes out of NDJSON rows of one stream. `direction`: only "in" or "out"; None: both."""

    def __init__(self, stream: Stream, direction: str | None = None) -> None:
        columns = stream["columns"]
        self._data = next(column["name"] for column in columns if column["role"] == "payload")
        self._word = next((column["name"] for column in columns if column["unit"] == "direction"), None)
        self._direction = direction
        if direction is not None and self._word is None:
            raise FleetscopeError(f"the stream {stream['name']} does not say in which direction; leave --direction out")

    def of(self, block: bytes) -> Iterator[bytes]:
        for line in block.splitlines():
            row = json.loads(line)
            if self._direction is None or row[self._word] == self._direction:
                yield unescape(row[self._data])


def unescape(text: str) -> bytes:
    r"""Undo the escape rule of every text output: ``\\`` is a backslash, ``\xNN`` a byte, everything else UTF-8."""
    if "\\" not in text:
        return text.encode()
    result = bytearray()
    end = 0
    for match in _ESCAPED.finditer(text):
        result += text[end : match.start()].encode()
        code = match.group(1)
        result += b"\\" if code == "\\" else bytes([int(code[1:], 16)])
        end = match.end()
    return bytes(result + text[end:].encode())
