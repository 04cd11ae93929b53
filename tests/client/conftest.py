"""The client is tested against a real server with a real agent, the same stack that the end-to-end tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fleetscope.client import Client
from tests.e2e.conftest import stack
from tests.e2e.stack import Stack

__all__ = ["stack"]


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.url, stack.token()) as fleet:
        yield fleet
