"""One fleet per test: a server, and hosts as the test asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.support.host import AgentHost
from tests.agent.support.pki import Authority
from tests.agent.support.server import FleetServer


@pytest.fixture
def server() -> Iterator[FleetServer]:
    server = FleetServer(Authority())
    yield server
    server.stop()


@pytest.fixture
def host(tmp_path: Path, server: FleetServer) -> Iterator[AgentHost]:
    """A running agent; its log is shown when the test fails."""
    with AgentHost(tmp_path, server) as host:
        yield host
        print(host.tail())
