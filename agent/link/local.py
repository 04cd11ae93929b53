"""Link's end of its socket to the warden."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.packets import PacketSocket, PeerGone
from proto.v1.local_pb2 import LinkToWarden, WardenToLink


class Warden:
    """When the warden is gone so is the reason to live: ``gone`` is set and link ends."""

    def __init__(self, packets: PacketSocket) -> None:
        self._packets = packets
        self._loop = asyncio.get_running_loop()
        self.gone = asyncio.Event()

    def listen(self, on_message: Callable[[WardenToLink], None]) -> None:
        self._loop.add_reader(self._packets.fileno(), self._readable, on_message)

    def tell(self, message: LinkToWarden) -> None:
        try:
            self._packets.send(message.SerializeToString())
        except PeerGone:
            self.gone.set()
            return
        if self._packets.pending:
            self._loop.add_writer(self._packets.fileno(), self._writable)

    def _writable(self) -> None:
        try:
            self._packets.flush()
        except PeerGone:
            self.gone.set()
        if not self._packets.pending:
            self._loop.remove_writer(self._packets.fileno())

    def _readable(self, on_message: Callable[[WardenToLink], None]) -> None:
        try:
            while (packet := self._packets.receive()) is not None:
                on_message(WardenToLink.FromString(packet.data))
        except PeerGone:
            self._loop.remove_reader(self._packets.fileno())
            self.gone.set()
