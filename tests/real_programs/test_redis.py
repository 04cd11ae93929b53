"""Redis under redis-benchmark: its own statistics say what the tools must show."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from proto.v1.agent_pb2 import Filters
from tests.real_programs.tracing import tracing
from tests.services import redis

pytestmark = pytest.mark.kernel

REQUESTS, CLIENTS = 10_007, 7


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis() as url:
        yield urlsplit(url).port or 0


def info(port: int) -> dict[str, int]:
    words = ["redis-cli", "-p", str(port), "info", "all"]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name: int(value) for name, value in pairs if value.isdigit()}


def load(port: int) -> None:
    words = ["redis-benchmark", "-p", str(port), "-t", "set", "-n", str(REQUESTS), "-c", str(CLIENTS), "-q"]
    subprocess.run(words, check=True, capture_output=True)


def pid(port: int) -> int:
    return info(port)["process_id"]


def test_every_command_is_one_call_of_its_function(port: int) -> None:
    params = {"function": "/usr/bin/redis-server:setCommand"}
    with tracing("funccount", Filters(pid=pid(port)), params) as seen:
        load(port)
    assert sum(row["calls"] for row in seen.rows) == REQUESTS


def test_every_reply_is_one_write(port: int) -> None:
    """But for those of the questions that the benchmark itself asks first."""
    with tracing("syscount", Filters(pid=pid(port))) as seen:
        load(port)
    calls: Counter[str] = Counter()
    for row in seen.rows:
        calls[row["syscall"]] += row["calls"]
    assert REQUESTS <= calls["write"] <= REQUESTS + 10


def test_as_many_connections_as_redis_says_that_it_received(port: int) -> None:
    with tracing("tcptracer", Filters(pid=pid(port))) as seen:
        before = info(port)["total_connections_received"]
        load(port)
        after = info(port)["total_connections_received"]
    accepted = [row for row in seen.rows if row["kind"] == b"accept"]
    # The connection that asks first is seen as well; the one that asks last counts itself.
    assert len(accepted) == after - before + 1
    assert {row["lport"] for row in accepted} == {port}


def test_bytes_of_each_connection(port: int) -> None:
    with tracing("tcplife", Filters(pid=pid(port))) as seen:
        before = info(port)
        load(port)
        after = info(port)
    received = sum(row["rx"] for row in seen.rows)
    # Redis has counted what the asking connection before sent, and not yet all of the one after.
    assert 0 <= received - (after["total_net_input_bytes"] - before["total_net_input_bytes"]) < 200
