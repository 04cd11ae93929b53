"""tcpretrans beside the stock tool: connections that nobody accepts, whose first packet is sent again."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.matrix.cell import Cell, Facts, Ready, Row, python
from tests.matrix.measure import check_cell
from tests.workloads.tcp import APART

THEN = """
def sent_again(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[100]  # tcpi_total_retrans
waiting = listener(4, "127.0.0.1", 0)
clients = [socket.socket() for _ in range(5)]
for client in clients:
    client.setblocking(False); client.connect_ex(waiting.getsockname())
deadline = time.monotonic() + 60
while time.monotonic() < deadline and sent_again(clients[-1]) < 2: time.sleep(0.05)
again = sum(map(sent_again, clients))
for client in clients: client.close()
say(sent_again=again)
"""


def namespace(ready: Ready) -> dict[str, str]:
    return {"netns": str(Path(f"/proc/{ready.pid}/ns/net").stat().st_ino)}


def ours(rows: list[Row]) -> Facts:
    return {"sent_again": sum(row["kind"] == b"segment" for row in rows)}


def theirs(text: str) -> Facts:
    return {"sent_again": sum(" R> " in line for line in text.splitlines())}


CELL = Cell(
    tool="tcpretrans",
    does="asks a full listener for connections until the kernel has asked again, by the sockets' own count",
    start=python(APART, THEN),
    ours=ours,
    params=namespace,
    filters=lambda _: Filters(),
    stock="tcpretrans",
    theirs=theirs,
    confined=False,
)


@pytest.mark.kernel
def test_beside_the_stock_tool(tmp_path: Path) -> None:
    check_cell(CELL, tmp_path)
