from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proto.columnar import NAMES
from server.tracing.rollups import stacks as stacks_module
from server.tracing.rollups.stacks import NumberedRows, StackNumbers

FRAMES = ["a", "b", "ab", "", "a\nb", "a;b", "\0", ":count", "ünï", "[k]", None]
Stack = list[str | None]
frames = st.lists(st.lists(st.sampled_from(FRAMES), max_size=4), max_size=12)


def lists(stacks: list[Stack]) -> pa.ListArray:
    return pa.array(stacks, pa.list_(NAMES))


@settings(max_examples=200, deadline=None)
@given(groups=st.lists(frames, max_size=4))
def test_equal_stacks_have_one_number_and_different_ones_two(groups: list[list[Stack]]) -> None:
    numbers = StackNumbers()
    found = [numbers.of(lists(group)).to_pylist() for group in groups]
    pairs = [pair for group, some in zip(groups, found, strict=True) for pair in zip(group, some, strict=True)]
    one = {tuple(stack): number for stack, number in pairs}
    assert [[one[tuple(stack)] for stack in group] for group in groups] == found
    assert sorted(one.values()) == list(range(len(numbers))) == list(range(len(one)))
    back = numbers.stacks(pa.array(one.values(), pa.int32()))
    assert back.type == pa.list_(pa.utf8())
    assert back.to_pylist() == [list(stack) for stack in one]


def test_a_part_of_an_array_and_a_dictionary_that_repeats_are_understood() -> None:
    numbers = StackNumbers()
    some = lists([["a"], ["a", "b"], [], ["b"]])
    twice = pa.DictionaryArray.from_arrays(pa.array([1, 0, 2], pa.int32()), pa.array(["a", "a", "b"]))
    assert numbers.of(some.slice(1, 2)).to_pylist() == [0, 1]
    assert numbers.of(pa.ListArray.from_arrays(pa.array([0, 1, 3], pa.int32()), twice)).to_pylist() == [2, 0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two row groups with different dictionaries."""
    path = tmp_path / "rows.parquet"
    stacks: list[Stack] = [["main", "work"], ["main"], [], ["other"], ["main"], ["main", "work"]]
    table = pa.table({"stack": lists(stacks), "samples": pa.array(range(6), pa.uint64())})
    pq.write_table(table, path, row_group_size=3)
    return path


def test_rows_of_all_groups_are_numbered_the_same_each_time(file: Path) -> None:
    rows = NumberedRows(file, "stack", ["samples"], 4)
    for _ in range(2):
        assert rows.reader().read_all().to_pydict() == {"stack": [0, 1, 2, 3, 1, 0], "samples": list(range(6))}
    assert not rows.too_many


def test_too_many_different_stacks_are_not_kept_in_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = NumberedRows(file, "stack", [], 3)
    assert rows.reader().read_all().num_rows == 3
    assert rows.too_many
    monkeypatch.setattr(stacks_module, "MAX_BYTES", 1)
    rows = NumberedRows(file, "stack", [], 100)
    assert rows.reader().read_all().num_rows == 0
    assert rows.too_many
