from __future__ import annotations

import os
import pty
import signal
from pathlib import Path

from agent.names.terminals import terminals
from proto.v1.agent_pb2 import Ask
from tests.waiting import wait_for


def name_of(process: int) -> str:
    """Of its terminal; empty until the fork has become what it shall be."""
    name = str(Path(f"/proc/{process}/fd/0").readlink())
    return name if name.startswith("/dev/pts/") and Path(f"/proc/{process}/comm").read_text() == "cat\n" else ""


def test_a_terminal_is_named_with_what_runs_in_it() -> None:
    child, controller = pty.fork()
    if not child:
        os.execvp("cat", ["cat"])
    try:
        number = wait_for(lambda: name_of(child), 10, "cat in its terminal").removeprefix("/dev/")
        found = wait_for(
            lambda: next((n for n in terminals(Ask(text="pts/", limit=200)).names if n.label == f"{number} cat"), None),
            10,
            "the terminal of cat",
        )
        assert (found.value, found.detail) == (number, "root")
        assert found.since_wall_ns > 0
        assert [name.value for name in terminals(Ask(text=number, limit=1)).names] == [number]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(controller)
