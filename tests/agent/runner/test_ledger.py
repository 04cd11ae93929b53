"""The books of a run."""

from __future__ import annotations

import pytest

from agent.clock import boot_ns
from agent.kernel import counters as module
from agent.kernel.bpf_syscall import ProgStats
from agent.runner.ledger import Ledger
from proto.v1 import stream_pb2 as pb


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    counters: dict[int, int] = {}
    monkeypatch.setattr(module, "read_percpu_u64", lambda _, index: counters.get(index, 0))
    monkeypatch.setattr(module, "prog_stats", lambda _: ProgStats(0, 0, counters.get(99, 0), 1, "probe"))
    return counters


def test_seen_is_stored_and_lost(kernel: dict[int, int]) -> None:
    books = Ledger(3, [4, 5])
    kernel |= {0: 100, pb.LOSS_CAUSE_RING: 7, pb.LOSS_CAUSE_THROTTLED: 3, 99: 2}
    books.read_kernel()
    books.store(80)
    books.lose(pb.LOSS_CAUSE_LIMIT, 6)
    books.lose(pb.LOSS_CAUSE_LIMIT, 1)
    assert books.seen == 104  # programs that did not run count as seen and as missed
    assert books.lost(pb.LOSS_CAUSE_MISSED) == 4
    assert books.lost(pb.LOSS_CAUSE_LIMIT) == 7
    assert books.balance() == 3
    books.store(3)
    assert books.balance() == 0


def test_a_loss_knows_when_it_was_first_and_last_noticed(kernel: dict[int, int]) -> None:
    books, start = Ledger(3), boot_ns()
    kernel[pb.LOSS_CAUSE_RING] = 1
    books.read_kernel()
    first = books.message().lost[0]
    kernel[pb.LOSS_CAUSE_RING] = 5
    books.read_kernel()
    second = books.message().lost[0]
    books.read_kernel()
    assert (second.cause, second.events) == (pb.LOSS_CAUSE_RING, 5)
    assert start <= first.first_boot_ns == second.first_boot_ns <= second.last_boot_ns
    assert books.message().lost[0].last_boot_ns == second.last_boot_ns


def test_time_without_probes_is_told(kernel: dict[int, int]) -> None:
    books = Ledger(3)
    kernel |= {module.BLIND: 2, module.BLIND_NS: 7_000_000}
    books.read_kernel()
    assert books.message() == pb.Ledger(blind=2, blind_ns=7_000_000)
    assert books.balance() == 0


def test_without_counters_everything_is_nothing() -> None:
    books = Ledger()
    books.read_kernel()
    assert books.message() == pb.Ledger()
    assert books.balance() == 0
