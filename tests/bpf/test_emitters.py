"""The C that a stream brings with it."""

from __future__ import annotations

from pathlib import Path

from bpf.emitters import aggregate_stream, event_stream, stack_tables
from bpf.manifest import parse_manifest
from tests.bpf.manifests import EVENTS, GROUP, TIME, TOP, changed, column

FILE = Path("/catalogue/sample/tool.toml")


def events(source: str, data: dict[str, object] = EVENTS) -> str:
    stream = parse_manifest(data, FILE).streams[0]
    return "\n".join(event_stream(stream, list(stream.columns), {"rows_ring_64": 16, "rows_ring_256": 8}, source))


def test_each_size_class_has_its_ring_and_every_struct_its_proof() -> None:
    text = events("")
    assert "BPF_RINGBUF_OUTPUT(rows_ring_64, 16);" in text
    assert "BPF_RINGBUF_OUTPUT(rows_ring_256, 8);" in text
    assert '_Static_assert(sizeof(struct rows) == 24, "size of rows");' in text
    assert "_Static_assert(__builtin_offsetof(struct rows, path_len) == 20" in text


def test_only_emit_functions_that_the_probe_names_are_made() -> None:
    assert "_emit_" not in events("")
    assert "rows_emit_user_str(struct rows *row" in events("rows_emit_user_str(&row, path);")
    sized = events("rows_emit_user(&row, from, size);")
    assert "rows_emit_user(struct rows *row, const void *from, u32 size)" in sized
    assert "rows_emit_user_str" not in sized


def test_rows_without_string_need_one_ring_and_one_function() -> None:
    data = changed(EVENTS, "stream.0.column", [TIME, column("pid"), GROUP])
    stream = parse_manifest(data, FILE).streams[0]
    text = "\n".join(event_stream(stream, list(stream.columns), {"rows_ring": 4096}, ""))
    assert "static __always_inline void rows_emit(struct rows *row)" in text


def test_aggregates_add_atomically_into_a_hash_of_the_declared_size() -> None:
    stream = parse_manifest(TOP, FILE).streams[0]
    text = "\n".join(aggregate_stream(stream, list(stream.columns)))
    assert 'BPF_TABLE("percpu_hash", struct calls_key, struct calls_value, calls, 1024);' in text
    assert "__sync_fetch_and_add(&sum->total, add->total);" in text
    assert "fs_count(FS_LOST_MAP_FULL);" in text


def test_stacks_have_more_than_one_table() -> None:
    data = changed(TOP, "stream.0.column.1", column("frames", type="stack", unit="none", role="stack"))
    stream = parse_manifest(changed(changed(data, "stream.0.kind", "stacks"), "tool.compare", []), FILE).streams[0]
    text = "\n".join(aggregate_stream(stream, list(stream.columns)))
    for table in stack_tables(stream):
        assert f"BPF_STACK_TRACE({table}, " in text
    assert "calls_stack(void *ctx, u64 flags)" in text
