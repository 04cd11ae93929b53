"""The runner's end of the socket to the warden: one message a packet, file descriptors beside the first update."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Sequence

from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden, WardenToRunner

DESCRIPTOR = 3
PACKET_MAX = 1024 * 1024


class WardenGone(ConnectionError):
    """The warden closed its end: nobody is there to be told."""


class Channel:
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._later: deque[WardenToRunner] = deque()

    def config(self) -> RunnerConfig:
        """The first packet. Raises WardenGone."""
        return RunnerConfig.FromString(self._receive())

    def wait(self, seconds: float, descriptors: Sequence[int]) -> tuple[WardenToRunner | None, list[int]]:
        """Sleep until a message, one of the descriptors is readable, or the time is over. Raises WardenGone."""
        own = self._socket.fileno()
        if self._later:
            return self._later.popleft(), []
        ready, _, _ = select.select([own, *descriptors], [], [], seconds)
        message = None
        if own in ready:
            ready.remove(own)
            message = WardenToRunner.FromString(self._receive())
        return message, ready

    def wait_until_recorded(self, seconds: float, descriptor: int) -> bool:
        """The warden has put on record whom the run is about. False when it was told to stop before, the descriptor is
        readable or the time is over. What else arrives is kept for ``wait``. Raises WardenGone."""
        deadline, kept = time.monotonic() + seconds, []
        recorded = stopped = False
        while not (recorded or stopped):
            message, ready = self.wait(max(deadline - time.monotonic(), 0), [descriptor])
            if message is not None and not message.recorded:
                kept.append(message)
            recorded = message is not None and message.recorded
            stopped = bool(ready) or message is None or message.HasField("stop")
        self._later.extend(kept)
        return recorded

    def send(self, message: RunnerToWarden, descriptors: Sequence[int] = ()) -> None:
        """Raises WardenGone."""
        try:
            socket.send_fds(self._socket, [message.SerializeToString()], list(descriptors))
        except OSError as error:
            raise WardenGone(str(error)) from error

    def _receive(self) -> bytes:
        try:
            data = self._socket.recv(PACKET_MAX)
        except OSError as error:
            raise WardenGone(str(error)) from error
        if not data:
            raise WardenGone("the warden closed the socket")
        return data
