"""One runner process as the warden sees it: its socket, its limits, and making it end."""

from __future__ import annotations

import contextlib
import resource
import signal
from collections.abc import Callable
from pathlib import Path

from google.protobuf.message import DecodeError

from agent.packets import Packet, PacketSocket, PeerGone, socket_pair
from agent.warden.child import Child, python
from agent.warden.loop import Loop, Timer
from proto.v1.agent_pb2 import Stop, Watch
from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden, WardenToRunner

STOP_SECONDS = 4.0  # from a stop to SIGTERM; a runner needs two to close its books
TERM_SECONDS = 3.0  # from SIGTERM to SIGKILL
ADDRESS_SPACE = 8 << 30
DESCRIPTORS = 8192
OOM_SCORE = 500  # before anything of the host's own

OnMessage = Callable[[RunnerToWarden, list[int]], None]


class Runner:
    """``on_message`` owns the descriptors it is given; ``on_exit`` comes after the last message."""

    def __init__(self, loop: Loop, on_message: OnMessage, on_exit: Callable[[str], None]) -> None:
        self._loop, self._on_message, self._on_exit = loop, on_message, on_exit
        self._ending: Timer | None = None
        ours, theirs = socket_pair()
        with theirs:
            self._child = Child(loop, python("agent.runner"), theirs, self._exited)
        self._socket = PacketSocket(ours)
        self._watch_socket()

    @property
    def pid(self) -> int:
        return self._child.pid

    def configure(self, config: RunnerConfig) -> None:
        self._child.limit(resource.RLIMIT_AS, ADDRESS_SPACE)
        self._child.limit(resource.RLIMIT_NOFILE, DESCRIPTORS)
        self._child.limit(resource.RLIMIT_CORE, 0)
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.pid}/oom_score_adj").write_text(str(OOM_SCORE))
        self._send(config.SerializeToString())

    def watch(self, watch: Watch) -> None:
        self._send(WardenToRunner(watch=watch).SerializeToString())

    def targets_recorded(self) -> None:
        self._send(WardenToRunner(recorded=True).SerializeToString())

    def stop(self, stop: Stop) -> None:
        """Ask, then insist: SIGTERM after 4 s, SIGKILL 3 s later."""
        self._send(WardenToRunner(stop=stop).SerializeToString())
        self.expect_exit(STOP_SECONDS)

    def expect_exit(self, seconds: float) -> None:
        """To be gone by then, or be made to."""
        if self._ending is None and self._child.alive:
            self._ending = self._loop.call_later(seconds, self._terminate)

    def kill(self) -> None:
        self._child.signal(signal.SIGKILL)

    def memory_bytes(self) -> int:
        """Resident; 0 when it is gone."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * resource.getpagesize()

    def _terminate(self) -> None:
        self._child.signal(signal.SIGTERM)
        self._ending = self._loop.call_later(TERM_SECONDS, self.kill)

    def _send(self, data: bytes) -> None:
        """A runner that is gone or stuck is dealt with when its exit arrives."""
        try:
            self._socket.send(data)
        except PeerGone:
            self.kill()
        self._watch_socket()

    def _watch_socket(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.watch(self._socket.fileno(), self._readable, self._writable if self._socket.pending else None)

    def _writable(self) -> None:
        with contextlib.suppress(PeerGone):
            self._socket.flush()
        self._watch_socket()

    def _readable(self) -> None:
        try:
            while (packet := self._socket.receive()) is not None:
                self._dispatch(packet)
        except PeerGone:
            self._loop.unwatch(self._socket.fileno())

    def _dispatch(self, packet: Packet) -> None:
        try:
            message = RunnerToWarden.FromString(packet.data)
        except DecodeError:
            packet.close()
            self.kill()
            return
        self._on_message(message, packet.descriptors)

    def _exited(self, how: str) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._readable()
        self._loop.unwatch(self._socket.fileno())
        self._socket.close()
        self._on_exit(how)
