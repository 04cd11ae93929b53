"""The children that answer questions for names: few at a time, and ended when nobody has asked for a while.

Files and tables that others can write are read there, never in the warden.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable

from google.protobuf.message import DecodeError

from agent.link.account import Account
from agent.packets import PacketSocket, PeerGone, socket_pair
from agent.warden.child import Child, python
from agent.warden.loop import Loop, Timer
from proto.v1.agent_pb2 import Ask, Names

AT_ONCE = 2
QUEUE_MAX = 16
IDLE_SECONDS = 30.0  # who asks once asks again with the next key
HANGING_SECONDS = 5.0  # longer than the child gives itself
ANSWER_BYTES_MAX = 512 * 1024


class Answering:
    """``tell`` gets exactly one answer for every question."""

    def __init__(self, loop: Loop, account: Account, tell: Callable[[Names], None]) -> None:
        self._loop, self._account, self._tell = loop, account, tell
        self._waiting: deque[Ask] = deque()
        self._children: list[Answerer] = []
        self._stopped = False

    @property
    def pids(self) -> list[int]:
        return [child.pid for child in self._children]

    def answer(self, ask: Ask) -> None:
        if self._stopped or len(self._waiting) >= QUEUE_MAX:
            self._tell(Names(ask_id=ask.ask_id, error="this host has too many questions to answer; try again"))
            return
        self._waiting.append(ask)
        self._next()

    def stop(self) -> None:
        self._stopped = True
        self._waiting.clear()
        for child in self._children:
            child.kill()

    def _next(self) -> None:
        while self._waiting:
            free = next((child for child in self._children if child.free), None)
            if free is None and len(self._children) >= AT_ONCE:
                return
            ask = self._waiting.popleft()
            try:
                child = free or self._started()
            except OSError as error:
                self._tell(Names(ask_id=ask.ask_id, error=f"this host cannot start a process to answer: {error}"))
            else:
                child.ask(ask)

    def _started(self) -> Answerer:
        child = Answerer(self._loop, self._account, self._answered, self._ended)
        self._children.append(child)
        return child

    def _answered(self, names: Names) -> None:
        self._tell(names)
        self._next()

    def _ended(self, child: Answerer) -> None:
        self._children.remove(child)
        self._next()


class Answerer:
    """One child. ``on_answer`` is called once for each question, ``on_end`` when the child is gone."""

    def __init__(
        self, loop: Loop, account: Account, on_answer: Callable[[Names], None], on_end: Callable[[Answerer], None]
    ) -> None:
        self._loop, self._on_answer, self._on_end = loop, on_answer, on_end
        self._asked: Ask | None = None
        self._patience: Timer | None = None
        ours, theirs = socket_pair()
        with theirs:
            command = python("agent.names", str(account.uid), str(account.gid))
            self._child = Child(loop, command, theirs, self._exited)
        self._socket = PacketSocket(ours)
        self._open = True
        loop.watch(self._socket.fileno(), self._readable)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def free(self) -> bool:
        return self._open and self._asked is None

    def kill(self) -> None:
        self._child.signal(signal.SIGKILL)

    def ask(self, ask: Ask) -> None:
        self._asked = ask
        self._wait(HANGING_SECONDS)
        try:
            self._socket.send(ask.SerializeToString())
        except PeerGone:
            self.kill()  # its end is the answer

    def _readable(self) -> None:
        try:
            while self._open and (packet := self._socket.receive()) is not None:
                packet.close()
                self._take(packet.data)
        except PeerGone:
            self._close()
            self.kill()

    def _take(self, data: bytes) -> None:
        """The child has read what others wrote, so its answer is as good as theirs: it counts for its question only."""
        asked = self._asked
        try:
            names = Names.FromString(data) if len(data) <= ANSWER_BYTES_MAX else Names()
        except DecodeError:
            names = Names()
        if asked is not None and names.ask_id == asked.ask_id:
            self._finish(names)

    def _finish(self, names: Names) -> None:
        self._asked = None
        self._wait(IDLE_SECONDS)
        self._on_answer(names)

    def _wait(self, seconds: float) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self._loop.call_later(seconds, self.kill)

    def _exited(self, how: str) -> None:
        self._readable()
        self._close()
        if self._patience is not None:
            self._patience.cancel()
        asked, self._asked = self._asked, None
        self._on_end(self)
        if asked is not None:
            self._on_answer(Names(ask_id=asked.ask_id, error=f"the process that answers ended ({how}); try again"))

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._loop.unwatch(self._socket.fileno())
            self._socket.close()
