"""Stack ids become frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest

from agent.runner.readers import stacks as module
from agent.runner.readers.stacks import StackKeys, StackResolver

pytestmark = pytest.mark.kernel  # imports bcc
TABLES = {(100, 5): [1, 2], (101, 5): [7], (100, 6): [9, 8]}


def keys(*ids: tuple[int, int], pids: Sequence[int] = (), callers: Sequence[int] = ()) -> StackKeys:
    """Of pairs of ids: kernel and user."""
    kernel, user = np.array(ids, np.int32).T
    processes = np.array(pids or [1] * len(ids), np.uint32)
    return StackKeys(kernel, user, processes, np.array(callers, np.uint64) if callers else None)


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
    column = resolver[0].column(keys((5, 6), (-1, 5 + (1 << 16)), (-14, -14), (77, -1), (5, 6)))
    both = ["u8", "u9", "k2_[k]", "k1_[k]"]
    assert column.to_pylist() == [both, ["u7"], ["[no stack]"], ["[no stack]"], both]


def test_each_stack_of_a_process_is_named_once(resolver: tuple[StackResolver, list[int]]) -> None:
    resolver[0].column(keys((5, 6), (5, 6), (5, 6), pids=(1, 1, 2)))
    resolver[0].column(keys((5, 6), (5, 6), (5, 6), pids=(1, 2, 2)))
    assert resolver[1] == [1, 2]


# A function at 30 that calls itself from the place before 38 and was called first from the place before 21.
ENTERED, ONCE_MORE, TWICE_MORE = (-14, 1), (-14, 2), (-14, 3)
WITHOUT_CALLER = {(100, 1): [30, 11], (100, 2): [30, 21, 11], (100, 3): [30, 38, 21, 11]}
WITH_CALLER = {(100, 1): [30, 21, 11], (100, 2): [30, 38, 21, 11], (100, 3): [30, 38, 38, 21, 11]}


@pytest.mark.parametrize("tables", [WITHOUT_CALLER, WITH_CALLER], ids=["left out", "put in"])
def test_the_caller_is_there_once_also_in_a_recursion(
    resolver: tuple[StackResolver, list[int]], monkeypatch: pytest.MonkeyPatch, tables: dict[tuple[int, int], list[int]]
) -> None:
    monkeypatch.setattr(f"{__name__}.TABLES", tables)
    column = resolver[0].column(keys(TWICE_MORE, ONCE_MORE, ENTERED, callers=(38, 38, 21)))
    first = ["u11", "u21", "u30"]
    assert column.to_pylist() == [[*first[:2], "u38", "u38", "u30"], [*first[:2], "u38", "u30"], first]


def test_a_stack_of_one_frame_gets_its_caller(
    resolver: tuple[StackResolver, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.TABLES", {(100, 1): [30], (100, 2): [40]})
    column = resolver[0].column(keys((-14, 1), (-14, 2), (-14, -14), callers=(21, 0, 21)))
    assert column.to_pylist() == [["u21", "u30"], ["u40"], ["[no stack]"]]
