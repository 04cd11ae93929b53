"""tcpstates beside the stock tool: connections between two ports that are known before."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.measure import check_cell

COUNT = 7
BEFORE = """
import socket, struct
waiting = socket.socket(); waiting.bind(("127.0.0.1", {server})); waiting.listen()
def connect():
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.bind(("127.0.0.1", {client})); client.connect(("127.0.0.1", {server}))
    server = waiting.accept()[0]; client.close(); server.close()
"""


def facts(changes: list[tuple[str, str]]) -> Facts:
    count = Counter(changes)
    made, ended = (sum(n for change, n in count.items() if change[at] == "ESTABLISHED") for at in (1, 0))
    return {"made": made, "ended": ended}


def ours(rows: list[Row]) -> Facts:
    return facts([(row["oldstate"].decode(), row["newstate"].decode()) for row in rows])


def theirs(text: str) -> Facts:
    words = [line.split() for line in text.splitlines() if " -> " in line and "OLDSTATE" not in line]
    return facts([(line[-4], line[-2]) for line in words])


@contextmanager
def start(folder: Path) -> Iterator[Ready]:
    """The server's port is looked at: it is the local one of an accepted connection."""
    with socket.socket() as one, socket.socket() as two:
        for sock in (one, two):
            sock.bind(("127.0.0.1", 0))
        server, client = one.getsockname()[1], two.getsockname()[1]
    then = f"for _ in range({COUNT}): connect()\nsay(made={COUNT}, ended={COUNT})"
    with python(BEFORE.format(server=server, client=client), then)(folder) as ready:
        ready.words = {"port": server}
        yield ready


CELL = Cell(
    tool="tcpstates",
    does=f"accepts {COUNT} connections on one port, and resets them",
    start=start,
    ours=ours,
    params=lambda ready: {"lport": str(ready.words["port"])},
    filters=lambda _: Filters(),
    stock="tcpstates -L {port}",
    theirs=theirs,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)
