"""Kernel headers for runners, made by a child: reading the kernel's types takes memory that the warden must not keep.

``python -m agent.warden.headers CACHE`` is that child; it answers with the folder's path on descriptor 3.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agent.packets import PacketSocket, PeerGone, socket_pair
from agent.warden.child import CHILD_SOCKET, Child, python
from agent.warden.loop import Loop

log = logging.getLogger(__name__)

SECONDS_MAX = 60  # starts wait for the headers
NONE = b"-"  # no BTF: there is nothing to make headers of


class Headers:
    """``ready`` is called once, when ``path`` is known; empty: this kernel has no BTF, or the child failed."""

    def __init__(self, loop: Loop, cache: Path, ready: Callable[[], None]) -> None:
        self._loop, self._cache, self._ready = loop, cache, ready
        self._packets: PacketSocket | None = None
        self.path = ""
        self.known = False

    def start(self) -> None:
        """Raises OSError."""
        ours, theirs = socket_pair()
        self._packets = PacketSocket(ours)
        with theirs:
            command = python("agent.warden.headers", str(self._cache))
            child = Child(self._loop, command, theirs, self._exited)
        self._loop.call_later(SECONDS_MAX, lambda: child.signal(signal.SIGKILL))

    def _exited(self, how: str) -> None:
        answer = self._answer()
        if answer is None:
            log.error("kernel headers could not be made (%s): tools that need them will not run", how)
        self.path = os.fsdecode(answer) if answer and answer != NONE else ""
        self.known = True
        self._ready()

    def _answer(self) -> bytes | None:
        if self._packets is None:
            return None
        try:
            packet = self._packets.receive()
        except PeerGone:
            return None
        finally:
            self._packets.close()
        return packet.data if packet else None


def main() -> int:
    from agent.kernel.headers import ensure_headers

    folder = ensure_headers(Path(sys.argv[1]))
    # A warden that has ended meanwhile needs no answer.
    with socket.socket(fileno=CHILD_SOCKET) as warden, suppress(BrokenPipeError):
        warden.send(os.fsencode(folder) if folder else NONE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
