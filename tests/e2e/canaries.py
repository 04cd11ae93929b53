"""Programs of ours that say what nobody else on this machine says, each where a tool of risk class S3 hears it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.stack import Stack
from tests.workloads import tls
from tests.workloads.spawn import workload

_SLAVE = 100
_TERMINAL = f"""
import os, pty, tty
master, slave = pty.openpty()
os.dup2(slave, {_SLAVE})
tty.setraw(slave)
"""
_SHELL = """
import os, pty
shell, master = pty.fork()
if not shell:
    os.execve("/bin/bash", ["bash", "--norc", "--noprofile"], {"PS1": "> ", "TERM": "dumb", "HISTFILE": "/dev/null"})
def read():
    shown = b""
    while not shown.endswith(b"> "):
        shown += os.read(master, 4096)
def enter(line):
    os.write(master, line + b"\\n")
    read()
read()
"""


@dataclass(frozen=True, slots=True)
class Source:
    """``before`` and ``then`` are for tests/workloads/statements.py; ``then`` says ``said``. ``stream`` holds it."""

    before: str
    then: str
    stream: str = ""
    params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    session: str
    stream: str
    canary: bytes


def sources(folder: Path) -> dict[str, Source]:
    """By tool."""
    both_ways = "os.write(slave, said); os.read(master, 4096); os.write(master, said); os.read(slave, 4096)"
    function = ("function=c:getenv", "args=name:str")
    call = ("tracepoint=syscalls:sys_enter_openat", "strings=filename")
    return {
        "sslsniff": Source(tls.before(folder), "client.sendall(said); server.recv(4096)", "data"),
        "ttysnoop": Source(_TERMINAL, both_ways, "screen", ("typed=true",)),
        "bashreadline": Source(_SHELL, "enter(b': unseen'); enter(b': ' + said)", "lines"),
        "uprobe": Source("import ctypes; libc = ctypes.CDLL(None)", "libc.getenv(said)", params=function),
        "tracepoint": Source("import os", "try: open(said)\nexcept OSError: pass", params=call),
    }


def plant(stack: Stack, tool: str, source: Source) -> Said:
    """A session that has ended with everything on the server. The program is not told the canary as it is."""
    canary = f"canary-{secrets.token_hex(16)}".encode()
    then = f"said = bytes(reversed({canary[::-1]!r}))\n{source.then}"
    with workload("statements.py", source.before, then) as target:
        whom = ["--ppid" if tool == "bashreadline" else "--pid", str(target.pid)]
        params = list(source.params)
        if tool == "ttysnoop":
            terminal = Path(f"/proc/{target.pid}/fd/{_SLAVE}").readlink()
            whom, params = [], [*params, f"terminal={str(terminal).removeprefix('/dev/')}"]
        words = [word for param in params for word in ("--param", param)]
        session = stack.detach(tool, *whom, *words, "--duration", "60s")
        target.go()
        target.finish()
    if stack.session(session)["state"] != "ended":
        stack.command("stop", session, check=False)
    assert stack.wait_ended(session)["books"] == "complete"
    return Said(session, source.stream, canary)
