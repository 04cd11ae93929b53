"""The link as the warden sees it: kept running, told what to send, and never believed further than it must be."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from pathlib import Path

from google.protobuf.message import DecodeError

from agent.packets import PACKET_MAX, PacketSocket, PeerGone, socket_pair
from agent.warden.child import Child, python
from agent.warden.loop import Loop
from proto.v1.agent_pb2 import AgentMessage
from proto.v1.local_pb2 import Credentials, LinkToWarden, Spooled, WardenToLink

log = logging.getLogger(__name__)

RESTART_SECONDS = 0.3
RESTART_SECONDS_MAX = 2.0


class LinkProcess:
    """``on_start`` is called for every new link process, before its first message."""

    def __init__(
        self, loop: Loop, state: Path, on_message: Callable[[LinkToWarden], None], on_start: Callable[[], None]
    ) -> None:
        self._loop, self._state = loop, state
        self._on_message, self._on_start = on_message, on_start
        self._socket: PacketSocket | None = None
        self._child: Child | None = None
        self._delay = RESTART_SECONDS
        self._stopping = False
        self.restarts = 0

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    def start(self) -> None:
        ours, theirs = socket_pair()
        with theirs:
            command = python("agent.link", "--state", str(self._state))
            self._child = Child(self._loop, command, theirs, self._exited)
        self._socket = PacketSocket(ours)
        self._watch_socket()
        self._on_start()

    def stop(self) -> None:
        self._stopping = True
        if self._child is not None:
            self._child.signal(signal.SIGTERM)

    def kill(self) -> None:
        if self._child is not None:
            self._child.signal(signal.SIGKILL)

    @property
    def gone(self) -> bool:
        return self._child is None or not self._child.alive

    def send(self, message: AgentMessage) -> None:
        self._send(WardenToLink(agent=message))

    def spooled(self, spooled: Spooled) -> None:
        self._send(WardenToLink(spooled=spooled))

    def credentials(self, renewed: Credentials) -> None:
        self._send(WardenToLink(credentials=renewed))

    def _send(self, message: WardenToLink) -> None:
        if self._socket is None:
            return  # the next link is told everything at its start
        data = message.SerializeToString()
        if len(data) > PACKET_MAX:
            log.error("a message of %d bytes is too large for the link and is dropped", len(data))
            return
        try:
            self._socket.send(data)
        except PeerGone as error:
            log.error("the link %s; ending it", error)
            self.kill()
            return
        self._watch_socket()

    def _watch_socket(self) -> None:
        if self._socket is not None:
            on_write = self._writable if self._socket.pending else None
            self._loop.watch(self._socket.fileno(), self._readable, on_write)

    def _writable(self) -> None:
        if self._socket is None:
            return
        try:
            self._socket.flush()
        except PeerGone:
            self.kill()
        self._watch_socket()

    def _readable(self) -> None:
        if self._socket is None:
            return
        try:
            while (packet := self._socket.receive()) is not None:
                packet.close()
                packet.descriptors.clear()
                self._delay = RESTART_SECONDS
                self._on_message(LinkToWarden.FromString(packet.data))
        except DecodeError:
            log.error("the link sent what is no message; ending it")
            self.kill()
        except PeerGone:
            self._loop.unwatch(self._socket.fileno())

    def _exited(self, how: str) -> None:
        if self._socket is not None:
            self._loop.unwatch(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._stopping:
            return
        log.warning("the link ended (%s); starting it again in %.1f s", how, self._delay)
        self.restarts += 1
        self._loop.call_later(self._delay, self._restart)
        self._delay = min(RESTART_SECONDS_MAX, self._delay * 2)

    def _restart(self) -> None:
        if not self._stopping:
            self.start()
