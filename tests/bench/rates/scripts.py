"""Workloads that nobody needs fast, as pieces of Python for tests/workloads/paced_steps.py."""

from __future__ import annotations

from tests.workloads.tcp import APART

# A shell of the workload's own, to which it types.
SHELL = """
import os, pty
shell, master = pty.fork()
if not shell:
    os.execv("/bin/bash", ["bash", "--norc"])

def until(words):
    got = b""
    while words not in got:
        got += os.read(master, 4096)

os.write(master, b"PS1='re''ady> '\\n")
until(b"ready> ")
os.write(master, b": before\\n")
until(b"ready> ")

def children():
    return [shell]

def step():
    os.write(master, b": a line of forty characters, more or less\\n")
    until(b"ready> ")
"""

# The kernel asks again for each connection that a full listener does not answer, a second later for the first time.
RETRANSMISSIONS = f"""
{APART}
import collections, resource
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
waiting = listener(4, "127.0.0.1", 0)
first = socket.socket()
first.connect(waiting.getsockname())
clients = collections.deque()

def step():
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(waiting.getsockname())
    clients.append((time.monotonic() + 1.5, client))
    while clients[0][0] < time.monotonic():
        clients.popleft()[1].close()

def end():
    while clients:
        clients.popleft()[1].close()
"""


def kills(procs: str, limit: int) -> str:
    """Children that take twice as much memory as their control group may have."""
    return f"""
import os
def step():
    child = os.fork()
    if not child:
        with open({procs!r}, "w") as file:
            file.write(str(os.getpid()))
        bytearray({2 * limit})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 9
"""
