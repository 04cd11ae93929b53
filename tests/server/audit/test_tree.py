from __future__ import annotations

import pytest

from proto import merkle
from server.audit import tree
from server.audit.models import AuditEntry, TreeNode
from server.audit.record import record

pytestmark = pytest.mark.django_db
SIZE = 21


def test_the_tree_in_the_database_is_that_of_its_entries() -> None:
    frontier, roots = merkle.Frontier(), [merkle.EMPTY_ROOT]
    assert tree.head() == tree.Head(0, merkle.EMPTY_ROOT)
    for number in range(SIZE):
        frontier.append(bytes.fromhex(record("session.view", "ann", detail={"n": number}).hash))
        roots.append(frontier.root())
    assert tree.head() == tree.Head(SIZE, roots[-1])
    assert [tree.root(size) for size in range(SIZE + 1)] == roots
    assert TreeNode.objects.count() == SIZE - SIZE.bit_count()
    for older in range(1, SIZE + 1):
        assert merkle.extends(older, roots[older], SIZE, roots[SIZE], tree.consistency(older, SIZE))


def test_a_proof_reads_few_nodes(django_assert_max_num_queries: object) -> None:
    for _ in range(SIZE):
        record("session.view", "ann")
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        tree.consistency(13, SIZE)


def test_an_entry_completes_few_nodes() -> None:
    for _ in range(64):
        record("session.view", "ann")
    assert AuditEntry.objects.count() == 64
    assert sorted(TreeNode.objects.values_list("position", flat=True))[31] == tree.position(6, 0)
