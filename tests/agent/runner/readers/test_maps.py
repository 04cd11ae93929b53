"""A whole per-CPU hash in numpy."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest

from agent.kernel.bpf_syscall import possible_cpus
from agent.kernel.headers import ensure_headers
from agent.runner.compiler import Compiled
from agent.runner.map_access import update_map
from agent.runner.readers.maps import PercpuHash
from bpf.program import Program
from tests.agent.runner.harness import HEADERS_CACHE

pytestmark = pytest.mark.kernel

TEXT = """
struct key { u64 n; };
struct value { u64 count; u64 total; };
BPF_TABLE("percpu_hash", struct key, struct value, sums, 20000);
"""


@pytest.fixture
def map_fd() -> Iterator[int]:
    module = Compiled(Program(TEXT, []), str(ensure_headers(HEADERS_CACHE)))
    descriptor = module.map_fd("sums")
    module.close()
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("keys", [0, 1, 4096, 20_000])
def test_every_key_once_with_its_sum_over_all_cpus(map_fd: int, keys: int) -> None:
    cpus = possible_cpus()
    for number in range(keys):
        values = np.array([[number + cpu, 1] for cpu in range(cpus)], np.uint64)
        update_map(map_fd, number.to_bytes(8, "little"), values.tobytes())
    content = PercpuHash(map_fd, 8, 2, 20_000).read()
    numbers = np.frombuffer(content.keys.tobytes(), np.uint64)
    assert sorted(numbers.tolist()) == list(range(keys))
    expected = numbers * np.uint64(cpus) + np.uint64(sum(range(cpus)))
    assert (content.values[:, 0] == expected).all()
    assert (content.values[:, 1] == cpus).all()
