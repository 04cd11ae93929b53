"""Who is tracing here now: answered on a socket that only root can open, one JSON line to everyone who connects."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.clock import SECOND
from agent.warden.consent import Agreed
from agent.warden.loop import Loop
from agent.warden.run import Run
from proto.shortform import enum_short
from proto.v1.agent_pb2 import RunUpdate

ANSWER_SECONDS = 5.0
_BACKLOG = 8


class StatusSocket:
    """Answers fit into the socket's buffer; what a reader does not take at once it does not get."""

    def __init__(self, loop: Loop, path: Path, answer: Callable[[], dict[str, Any]]) -> None:
        self._answer = answer
        self._path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)
        try:
            with _short(path) as name:
                self._socket.bind(name)
        finally:
            os.umask(mask)
        self._socket.listen(_BACKLOG)
        loop.watch(self._socket.fileno(), self._accept)

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        with connection:
            data = json.dumps(self._answer()).encode() + b"\n"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(data))
            connection.settimeout(0)
            try:
                connection.sendall(data)
            except OSError:
                return


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket within the 107 bytes that the kernel takes, wherever its folder is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(path: Path) -> dict[str, Any]:
    """The warden's answer. Raises OSError when none is running."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        with _short(path) as name:
            connection.connect(name)
        with connection.makefile("rb") as answer:
            return dict(json.loads(answer.read()))


def describe_run(run: Run) -> dict[str, Any]:
    """One run for the person at this host."""
    envelope, state = run.command.envelope, run.state
    return {
        "session": envelope.session_id.hex(),
        "run": run.run_id.hex(),
        "user": envelope.user,
        "tool": envelope.tool,
        "reason": envelope.reason,
        "approved": _approved(run.agreed, list(envelope.approvals)),
        "state": enum_short(RunUpdate.State.DESCRIPTOR, state.state),
        "since": datetime.fromtimestamp(run.started_wall_ns / SECOND, UTC).isoformat(timespec="seconds"),
        "seen": state.ledger.seen,
        "stored": state.ledger.stored,
        "lost": sum(loss.events for loss in state.ledger.lost),
        "host_percent": round(state.cost.host_percent, 2),
        "pid": run.runner_pid,
    }


def _approved(agreed: Agreed | None, told: list[str]) -> str:
    """By whose signatures; without any, by whom as the server says."""
    if agreed is None:
        return f"{', '.join(told)} (says the server)" if told else ""
    if agreed.waived:
        return "not needed by this host's policy"
    return "break-glass key" if agreed.break_glass else ", ".join(agreed.approvers)
