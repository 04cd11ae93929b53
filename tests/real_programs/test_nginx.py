"""nginx and curl with TLS: as many connections and requests as curl was told to make."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.real_programs.tracing import tracing
from tests.services import Nginx, nginx
from tests.workloads import tls

pytestmark = pytest.mark.kernel

REQUESTS = 31
SIZE = 100_003


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "page").write_bytes(b"x" * SIZE)
    with nginx(folder, *tls.certificate(folder)) as started:
        yield started


def fetch(server: Nginx) -> None:
    """Each in a process and on a connection of its own."""
    for number in range(REQUESTS):
        url = f"https://127.0.0.1:{server.port}/page?{number}"
        got = subprocess.run(["curl", "-sk", "--http1.1", url], check=True, capture_output=True).stdout
        assert len(got) == SIZE


def test_each_request_is_a_session_that_carried_the_page(server: Nginx) -> None:
    with tracing("tcplife", Filters(pid=server.pid)) as seen:
        fetch(server)
    assert [row["tx"] > SIZE for row in seen.rows] == [True] * REQUESTS
    assert {row["lport"] for row in seen.rows} == {server.port}


def test_each_request_opens_the_file(server: Nginx, tmp_path: Path) -> None:
    with tracing("opensnoop", Filters(pid=server.pid)) as seen:
        fetch(server)
    assert [Path(row["path"].decode()).name for row in seen.rows] == ["page"] * REQUESTS


def test_the_plaintext_of_each_request_and_reply(server: Nginx) -> None:
    with tracing("sslsniff", Filters(pid=server.pid)) as seen:
        fetch(server)
    rows = seen.rows
    asked = [row["data"].split(b" ")[1] for row in rows if row["direction"] == b"in" and row["data"][:4] == b"GET "]
    assert asked == [b"/page?%d" % number for number in range(REQUESTS)]
    sent = sum(row["size"] for row in rows if row["direction"] == b"out")
    assert sent > REQUESTS * SIZE
