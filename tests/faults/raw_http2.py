"""HTTP/2 as a hostile host would speak it: frames put together by hand, minding no limit but what TCP lets through."""

from __future__ import annotations

import ssl
import struct
import tempfile
import time
from collections import Counter
from contextlib import suppress
from socket import create_connection

from tests.server.ingest.scripted import Identity

DATA, HEADERS, RESET, SETTINGS, GOAWAY, WINDOW = 0, 1, 3, 4, 7, 8
END_HEADERS = 4
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_PIECE = 16384


class Hostile:
    """One connection with a real certificate. `heard` counts the kinds of frames that the server has answered with."""

    def __init__(self, address: str, identity: Identity) -> None:
        host, _, port = address.rpartition(":")
        self._socket = _context(identity).wrap_socket(create_connection((host, int(port)), 10), server_hostname=host)
        self._authority = address
        self._pending = b""
        self.heard: Counter[int] = Counter()
        self._socket.sendall(_PREFACE + _frame(SETTINGS, 0, 0, b""))

    def open(self, stream: int, method: str, encoding: str = "identity") -> None:
        fields = {
            ":method": "POST",
            ":scheme": "https",
            ":path": f"/proto.v1.AgentLink/{method}",
            ":authority": self._authority,
            "te": "trailers",
            "content-type": "application/grpc",
            "grpc-encoding": encoding,
        }
        self._send(_frame(HEADERS, END_HEADERS, stream, b"".join(map(_field, fields.items()))))

    def message(self, stream: int, declared: int, body: bytes, *, compressed: bool = False) -> None:
        """Says how long the message will be, then sends this much of it, flow control or not."""
        data = struct.pack(">BI", compressed, declared) + body
        for start in range(0, len(data), _PIECE):
            self._send(_frame(DATA, 0, stream, data[start : start + _PIECE]))

    def listen(self, seconds: float, *wanted: int) -> bool:
        """Until one of these kinds of frames, or the end of the connection; False: neither came in time."""
        deadline = time.monotonic() + seconds
        while not any(self.heard[kind] for kind in wanted):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._socket.settimeout(left)
            try:
                got = self._socket.recv(65536)
            except TimeoutError:
                return False
            except OSError:
                return True
            if not got:
                return True
            self._take(got)
        return True

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def _send(self, raw: bytes) -> None:
        """A server that has hung up has refused."""
        with suppress(OSError):
            self._socket.settimeout(1)
            self._socket.sendall(raw)

    def _take(self, got: bytes) -> None:
        self._pending += got
        while len(self._pending) >= 9:
            size = int.from_bytes(self._pending[:3])
            if len(self._pending) < 9 + size:
                return
            self.heard[self._pending[3]] += 1
            self._pending = self._pending[9 + size :]


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _field(field: tuple[str, str]) -> bytes:
    """HPACK (RFC 7541, 6.2.2): literal, without indexing, new name; texts shorter than 127 bytes."""
    name, value = (text.encode() for text in field)
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def _context(identity: Identity) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=identity.ca.decode())
    context.set_alpn_protocols(["h2"])
    with tempfile.NamedTemporaryFile() as file:
        file.write(identity.key + identity.certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context
