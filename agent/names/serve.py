"""One question after the other, each answered by a fork that ends with it: what a file does to one reader ends there.

A fork costs a few milliseconds; starting Python anew for every key that is pressed would cost a hundred.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket

from agent.names.answer import answer
from agent.names.confine import limit_answer
from proto.v1.agent_pb2 import Ask, Names

ASK_BYTES_MAX = 65536  # the host's own list of whom it never shows is in it
ANSWER_SECONDS = 3.0  # of wall time, on a host that is busy with other things


def serve(warden: socket.socket) -> None:
    """Until the warden closes its end."""
    gc.freeze()  # forks share what is loaded
    while question := warden.recv(ASK_BYTES_MAX):
        ask = Ask.FromString(question)
        child = os.fork()
        if not child:
            _answer(warden, ask)
        how = _wait(child)
        if how:
            reason = f"the answer would take this host too long ({how}); type more of the name"
            warden.send(Names(ask_id=ask.ask_id, error=reason).SerializeToString())


def _answer(warden: socket.socket, ask: Ask) -> None:
    """In the fork; does not return."""
    status = 1
    try:
        limit_answer()
        warden.send(answer(ask).SerializeToString())
        status = 0
    finally:
        os._exit(status)


def _wait(child: int) -> str:
    """How it ended; empty: as it should."""
    descriptor = os.pidfd_open(child)
    try:
        in_time, _, _ = select.select([descriptor], [], [], ANSWER_SECONDS)
        if not in_time:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(descriptor)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not in_time:
        return f"{ANSWER_SECONDS:g} s"
    return "" if code == 0 else f"exit code {code}" if code > 0 else signal.Signals(-code).name
