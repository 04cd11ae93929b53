from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proto.v1.stream_pb2 import BatchHead, Ledger, RunEnd
from server.tracing.store.summary import Summary


def head(seq: int, rows: int = 2, first_row: int | None = None) -> BatchHead:
    return BatchHead(seq=seq, rows=rows, first_row=2 * (seq - 1) if first_row is None else first_row, hits=rows)


def summed(heads: list[BatchHead]) -> Summary:
    summary = Summary()
    for one in heads:
        summary.add(one, 100)
    return summary


def test_sums_and_ends() -> None:
    end = BatchHead(seq=3, first_row=4, ledger=Ledger(seen=4, stored=4), end=RunEnd(message="done"))
    index = summed([head(1), head(2), end]).index()
    assert (index.rows, index.hits, index.bytes, index.first_seq, index.last_seq) == (4, 4, 300, 1, 3)
    assert index.end == RunEnd(message="done")
    assert index.ledger == Ledger(seen=4, stored=4)


@given(st.sets(st.integers(1, 30), min_size=1), st.integers(0, 30))
def test_joining_parts_is_adding_all(seqs: set[int], cut: int) -> None:
    heads = [head(seq) for seq in sorted(seqs)]
    whole, first = summed(heads), summed(heads[:cut])
    first.join(summed(heads[cut:]))
    assert first.index() == whole.index()


@given(st.sets(st.integers(1, 30), min_size=1))
def test_holes_are_exactly_what_is_missing(seqs: set[int]) -> None:
    index = summed([head(seq) for seq in sorted(seqs)]).index()
    missing = {seq for first, last in index.holes for seq in range(first, last + 1)}
    assert missing == set(range(1, max(seqs))) - seqs
    assert not index.damage


def test_row_numbers_that_do_not_follow_are_damage() -> None:
    index = summed([head(1), head(2, first_row=3)]).index()
    assert [(damage.first_seq, damage.reason) for damage in index.damage] == [(2, "its row numbers do not follow")]


def test_a_repeat_is_damage() -> None:
    assert summed([head(1), head(1)]).index().damage[0].reason == "it is stored twice"


def test_nothing_is_an_empty_index() -> None:
    index = Summary().index()
    assert (index.rows, index.first_seq, index.last_seq, index.holes) == (0, 0, 0, ())
