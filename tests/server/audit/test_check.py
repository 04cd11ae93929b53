from __future__ import annotations

import pytest

from proto.checkpoint import Checkpoint
from proto.merkle import Frontier, leaf_hash
from server.audit.check import BadEntry, Checker, by_size, grouped

LEAVES = [leaf_hash(bytes([number])) for number in range(5)]


def head(size: int) -> Checkpoint:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return Checkpoint("log", size, frontier.root(), "now")


def test_heads_that_follow_are_agreed_to() -> None:
    checker = Checker(by_size([head(2), head(5), head(5)]))
    for number, leaf in enumerate(LEAVES, 1):
        checker.take(number, leaf)
        checker.settle(number, leaf, leaf)
    checker.finish()
    assert (checker.verdict().entries, checker.verdict().signed) == (5, 5)


def test_a_replaced_entry_is_behind_the_last_head_that_agreed() -> None:
    checker = Checker(by_size([head(2), head(5)]))
    with pytest.raises(BadEntry, match="it or one up to 5 was replaced") as raised:
        for number, leaf in enumerate([*LEAVES[:3], LEAVES[0], LEAVES[4]], 1):
            checker.take(number, leaf)
            checker.settle(number, leaf, leaf)
    assert raised.value.number == 3


def test_two_heads_of_one_size_show_a_fork() -> None:
    with pytest.raises(BadEntry, match="forked"):
        by_size([head(3), Checkpoint("log", 3, LEAVES[0], "now")])


def test_heads_that_came_with_the_log_make_nothing_sure_where_one_kept_elsewhere_differs() -> None:
    checker = Checker(by_size([head(3), head(4)]), grouped([head(2), Checkpoint("log", 5, LEAVES[0], "now")]))
    with pytest.raises(BadEntry, match="up to 5 was replaced: the head that was noted elsewhere") as raised:
        for number, leaf in enumerate(LEAVES, 1):
            checker.take(number, leaf)
            checker.settle(number, leaf, leaf)
    assert raised.value.number == 3
