"""Stack ids become frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest

from agent.runner.readers import stacks as module
from agent.runner.readers.stacks import StackResolver

pytestmark = pytest.mark.kernel  # imports bcc
TABLES = {(100, 5): [1, 2], (101, 5): [7], (100, 6): [9, 8]}


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> tuple[StackResolver, list[int]]:
    asked: list[int] = []

    def lookup(table: int, key: bytes, size: int) -> bytes | None:
        found = TABLES.get((table, int.from_bytes(key, "little")))
        return struct.pack(f"={len(found)}Q", *found).ljust(size, b"\0") if found else None

    def frames(pid: int, user: Sequence[int], kernel: Sequence[int]) -> list[str]:
        asked.append(pid)
        return [*(f"u{address}" for address in reversed(user)), *(f"k{address}_[k]" for address in reversed(kernel))]

    monkeypatch.setattr(module, "lookup_map", lookup)
    return StackResolver([100, 101], frames), asked


def test_user_frames_come_before_kernel_frames_and_tables_are_told_apart(
    resolver: tuple[StackResolver, list[int]],
) -> None:
    pairs = np.array([[5, 6], [-1, 5 + (1 << 16)], [-14, -14], [77, -1], [5, 6]], np.int32)
    column = resolver[0].column(pairs, np.array([1, 1, 1, 1, 1], np.uint32))
    both = ["u8", "u9", "k2_[k]", "k1_[k]"]
    assert column.to_pylist() == [both, ["u7"], ["[no stack]"], ["[no stack]"], both]


def test_each_stack_of_a_process_is_named_once(resolver: tuple[StackResolver, list[int]]) -> None:
    pairs = np.array([[5, 6], [5, 6], [5, 6]], np.int32)
    resolver[0].column(pairs, np.array([1, 1, 2], np.uint32))
    resolver[0].column(pairs, np.array([1, 2, 2], np.uint32))
    assert resolver[1] == [1, 2]
