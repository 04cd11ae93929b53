"""One message a packet over SOCK_SEQPACKET, without blocking, with descriptors where asked.

Used at both ends by warden and link. What does not fit into the socket is queued; a peer that lets the queue grow over
its bound is broken and is cut off.
"""

from __future__ import annotations

import array
import os
import socket
from collections import deque
from dataclasses import dataclass, field

PACKET_MAX = 1024 * 1024
QUEUE_MAX = 8 * 1024 * 1024
DESCRIPTORS_MAX = 250  # the kernel takes at most 253 in one packet

# Root may go over net.core.wmem_max.
_SO_SNDBUFFORCE = 32


class PeerGone(ConnectionError):
    """The other process ended, broke the protocol or does not read any more."""


@dataclass(slots=True)
class Packet:
    data: bytes
    descriptors: list[int] = field(default_factory=list)

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Both ends with room for the largest packet."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, 2 * PACKET_MAX)
    return ends


class PacketSocket:
    """Sends never block; call ``flush`` when the socket can be written and ``pending`` is true."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        self._socket = sock
        self._queue: deque[bytes] = deque()
        self._queued = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    @property
    def pending(self) -> bool:
        return bool(self._queue)

    def send(self, data: bytes) -> None:
        """Raises PeerGone, and ValueError for a packet that no peer would take."""
        if not 0 < len(data) <= PACKET_MAX:
            raise ValueError(f"a packet of {len(data)} bytes cannot be sent; 1 to {PACKET_MAX} can")
        if self._queued + len(data) > QUEUE_MAX:
            raise PeerGone(f"has not read {self._queued} bytes of messages")
        self._queue.append(data)
        self._queued += len(data)
        self.flush()

    def flush(self) -> None:
        """Raises PeerGone."""
        while self._queue:
            try:
                self._socket.send(self._queue[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                raise PeerGone(error.strerror or str(error)) from error
            self._queued -= len(self._queue.popleft())

    def receive(self) -> Packet | None:
        """The next packet; None while there is none. Raises PeerGone."""
        space = socket.CMSG_SPACE(DESCRIPTORS_MAX * array.array("i").itemsize)
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(PACKET_MAX, space, socket.MSG_CMSG_CLOEXEC)
        except (BlockingIOError, InterruptedError):
            return None
        except ConnectionResetError:
            # Told once, when the peer ended without having read all of ours: what it said before is still there.
            return self.receive()
        except OSError as error:
            raise PeerGone(error.strerror or str(error)) from error
        packet = Packet(data, _descriptors(ancillary))
        if not data or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            packet.close()
            raise PeerGone("closed its end" if not data else "sent a packet that is too large")
        return packet


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return list(found)
