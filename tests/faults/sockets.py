"""Live sockets of browsers that are slower than what they watch, and of one that is not."""

from __future__ import annotations

import base64
import os
import socket
import struct
import threading
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect
from websockets.typing import Origin

from proto.v1.live_pb2 import LiveMessage, Seen, Subscribe, ViewerMessage
from tests.e2e.stack import Stack

PASSWORD = "correct-horse-battery-1"
SUBSCRIBE = ViewerMessage(subscribe=Subscribe()).SerializeToString()


class Deaf:
    """Subscribes and then reads nothing at all, with hardly any room in its own receive buffer."""

    def __init__(self, stack: Stack, session: str, cookie: str) -> None:
        place = urlsplit(stack.url)
        self._socket = socket.create_connection((place.hostname or "", place.port or 0), 10)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /ws/sessions/{session} HTTP/1.1", f"Host: {place.netloc}", f"Origin: {stack.url}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Key: {key}", f"Cookie: {cookie}", "", ""]
        self._socket.sendall("\r\n".join(lines).encode())
        answer = self._socket.recv(12)
        assert answer == b"HTTP/1.1 101", answer
        # One masked binary message; a mask of zeros leaves the bytes as they are.
        self._socket.sendall(struct.pack("!BB4x", 0x82, 0x80 | len(SUBSCRIBE)) + SUBSCRIBE)

    def close(self) -> None:
        self._socket.close()


class Reader:
    """Reads everything; acknowledges it as drawn, or never."""

    def __init__(self, stack: Stack, session: str, cookie: str, *, draws: bool) -> None:
        self.rows = self.skipped = self.drawn = self.undrawn_bytes = 0
        self._draws = draws
        connecting = connect(
            f"ws{stack.url.removeprefix('http')}/ws/sessions/{session}",
            additional_headers={"Cookie": cookie},
            origin=Origin(stack.url),
            max_size=None,
            compression=None,
        )
        self._exit = ExitStack()
        self._socket = self._exit.enter_context(connecting)
        self._socket.send(SUBSCRIBE)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._exit.close()
        self._thread.join(10)

    def draw(self) -> None:
        """All that has come is drawn, and what comes from now on at once."""
        self._draws = True
        self._acknowledge()

    def _read(self) -> None:
        with suppress(ConnectionClosedOK):  # between the last message and its acknowledgement
            for data in self._socket:
                assert isinstance(data, bytes)
                self._take(LiveMessage.FromString(data), len(data))

    def _take(self, message: LiveMessage, size: int) -> None:
        match message.WhichOneof("message"):
            case "rows" | "group":
                self.rows += sum(batch.rows for batch in message.group.batches or [message.rows])
                self.drawn += 1
                self.undrawn_bytes += size
                if self._draws:
                    self._acknowledge()
            case "skipped":
                self.skipped += message.skipped.rows

    def _acknowledge(self) -> None:
        self.undrawn_bytes = 0
        self._socket.send(ViewerMessage(seen=Seen(messages=self.drawn)).SerializeToString())


def cookie_of(stack: Stack, username: str) -> str:
    """A new viewer who has signed in, as a browser would send it."""
    stack.api("POST", "/api/users", {"username": username, "role": "viewer", "password": PASSWORD}, status=201)
    with httpx.Client(base_url=stack.url, headers={"Origin": stack.url}) as browser:
        reply = browser.post("/api/auth/login", json={"username": username, "password": PASSWORD})
        assert reply.is_success, reply.text
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
