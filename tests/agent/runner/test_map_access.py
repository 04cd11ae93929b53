"""Single elements of BPF maps."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from agent.kernel.headers import ensure_headers
from agent.runner.compiler import Compiled
from agent.runner.map_access import lookup_map, update_map
from bpf.program import Program
from tests.agent.runner.harness import HEADERS_CACHE

pytestmark = pytest.mark.kernel


@pytest.fixture
def map_fd() -> Iterator[int]:
    module = Compiled(Program("BPF_HASH(small, u32, u64, 2);", []), str(ensure_headers(HEADERS_CACHE)))
    descriptor = module.map_fd("small")
    module.close()
    yield descriptor
    os.close(descriptor)


def test_what_is_written_is_read(map_fd: int) -> None:
    assert lookup_map(map_fd, b"\1\0\0\0", 8) is None
    update_map(map_fd, b"\1\0\0\0", b"12345678")
    update_map(map_fd, b"\2\0\0\0", b"abcdefgh")
    assert lookup_map(map_fd, b"\1\0\0\0", 8) == b"12345678"
    with pytest.raises(OSError, match="cannot write to a BPF map: Argument list too long"):
        update_map(map_fd, b"\3\0\0\0", bytes(8))
