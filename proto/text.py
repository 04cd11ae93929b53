"""The one rule by which bytes from a kernel (paths, program names, arguments) become text.

Valid UTF-8 stays as it is, a backslash becomes ``\\\\`` and every other byte becomes ``\\xNN``. It is used in ndjson,
CSV and tables alike, and it can be undone: ``unescape(escape(b)) == b`` for all bytes.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\(\\|x[0-9a-f]{2})")


def escape(data: bytes) -> str:
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def unescape(text: str) -> bytes:
    """Raises ValueError when a backslash starts neither ``\\\\`` nor ``\\xNN``."""
    if "\\" not in text:
        return text.encode()
    result = bytearray()
    end = 0
    for match in _ESCAPED.finditer(text):
        result += _plain(text[end : match.start()])
        code = match.group(1)
        result += b"\\" if code == "\\" else bytes([int(code[1:], 16)])
        end = match.end()
    return bytes(result + _plain(text[end:]))


def split_argv(data: bytes) -> list[str]:
    """The escaped arguments of a NUL-separated argument block."""
    return [escape(part) for part in data.removesuffix(b"\0").split(b"\0")] if data else []


def join_argv(data: bytes) -> str:
    return " ".join(split_argv(data))


def _plain(text: str) -> bytes:
    if "\\" in text:
        raise ValueError(f"stray backslash in {text!r}: write \\\\ for a backslash, \\xNN for a byte")
    return text.encode()
