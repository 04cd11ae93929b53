"""What this host can trace and at what price, found out by a child process that loads BCC and programs.

``python -m agent.warden.survey CACHE HEADERS`` is that child; it answers with JSON packets on descriptor 3, each as
soon as it is known: first the verdicts, for which people wait, then the prices.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict

from agent.packets import PacketSocket, PeerGone, socket_pair
from agent.warden.child import CHILD_SOCKET, Child, python
from agent.warden.loop import Loop
from proto.v1.agent_pb2 import Verdict

log = logging.getLogger(__name__)

NICENESS = 19
_PR_SET_PDEATHSIG = 1


class Survey:
    """``on_verdict`` is called for each tool, ``on_prices`` once with the ns a hit of each attach type,
    ``on_failure`` with the reason when the child ended before it had come to all."""

    def __init__(
        self,
        loop: Loop,
        cache: Path,
        on_verdict: Callable[[Verdict], None],
        on_prices: Callable[[Mapping[int, int]], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._loop, self._cache = loop, cache
        self._on_verdict, self._on_prices, self._on_failure = on_verdict, on_prices, on_failure
        self._packets: PacketSocket | None = None
        self._child: Child | None = None
        self._stopped = False

    @property
    def pids(self) -> list[int]:
        return [self._child.pid] if self._child and self._child.alive else []

    def stop(self) -> None:
        self._stopped = True
        if self._child is not None:
            self._child.signal(signal.SIGKILL)

    def start(self, headers: str) -> None:
        """Raises OSError."""
        ours, theirs = socket_pair()
        self._packets = PacketSocket(ours)
        with theirs:
            command = python("agent.warden.survey", str(self._cache), headers)
            self._child = Child(self._loop, command, theirs, self._exited)
        self._loop.watch(self._packets.fileno(), self._readable)

    def _readable(self) -> None:
        if self._packets is None:
            return
        try:
            while packet := self._packets.receive():
                self._take(json.loads(packet.data))
        except PeerGone:
            self._loop.unwatch(self._packets.fileno())
            self._packets.close()
            self._packets = None

    def _take(self, message: dict[str, Any]) -> None:
        if "prices" in message:
            self._on_prices({int(kind): int(price) for kind, price in message["prices"].items()})
        else:
            self._on_verdict(ParseDict(message["verdict"], Verdict()))

    def _exited(self, how: str) -> None:
        self._readable()
        if how != "exit code 0" and not self._stopped:
            log.error("the check of what this host can trace ended early (%s)", how)
            self._on_failure(f"could not be tried out on this host: the check ended early ({how}); restart its agent")


def main() -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(NICENESS)
    from agent.kernel.calibrate import prices
    from agent.kernel.preflight import verdicts
    from agent.warden.tools import usable_tools

    cache, headers = Path(sys.argv[1]), sys.argv[2]
    with socket.socket(fileno=CHILD_SOCKET) as warden:
        for verdict in verdicts(usable_tools(), headers, cache):
            warden.send(json.dumps({"verdict": MessageToDict(verdict)}).encode())
        warden.send(json.dumps({"prices": prices(headers, cache)}).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
