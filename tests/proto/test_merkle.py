"""Every proof of every small tree, against a second way to compute it, and every proof with one byte changed."""

from __future__ import annotations

import hashlib
import random

import pytest

from proto import merkle
from proto.merkle import Frontier, consistency_proof, extends, includes, inclusion_path, root_of

MOST = 40
LEAVES = [merkle.leaf_hash(str(number).encode()) for number in range(MOST)]


def recursive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


ROOTS = [merkle.EMPTY_ROOT, *(recursive_root(LEAVES[:size]) for size in range(1, MOST + 1))]


def node(level: int, index: int) -> bytes:
    return recursive_root(LEAVES[index << level : (index + 1) << level])


def changed(proof: list[bytes], generator: random.Random) -> list[bytes]:
    place = generator.randrange(len(proof))
    return [*proof[:place], hashlib.sha256(proof[place]).digest(), *proof[place + 1 :]]


def test_known_hashes_of_the_rfc() -> None:
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_leaves_and_nodes_never_have_the_same_hash() -> None:
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_the_growing_edge_has_the_root_and_the_subtrees_of_the_definition() -> None:
    frontier = Frontier()
    assert frontier.root() == merkle.EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, 1):
        for level, index, digest in frontier.append(leaf):
            assert digest == node(level, index)
        assert frontier.root() == ROOTS[size] == root_of(size, node)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_is_proven_and_nothing_else(size: int) -> None:
    generator = random.Random(size)
    for index in range(size):
        path = inclusion_path(index, size, node)
        assert includes(LEAVES[index], index, size, path, ROOTS[size])
        assert not includes(LEAVES[index - 1], index, size, path, ROOTS[size]) or size == 1
        assert not includes(LEAVES[index], index, size, [*path, LEAVES[0]], ROOTS[size])
        if path:
            assert not includes(LEAVES[index], index, size, path[:-1], ROOTS[size])
            assert not includes(LEAVES[index], index, size, changed(path, generator), ROOTS[size])
    assert not includes(LEAVES[0], size, size, [], ROOTS[size])


@pytest.mark.parametrize("newer", range(1, MOST + 1))
def test_every_older_tree_is_proven_and_nothing_else(newer: int) -> None:
    generator = random.Random(newer)
    for older in range(1, newer + 1):
        proof = consistency_proof(older, newer, node)
        assert extends(older, ROOTS[older], newer, ROOTS[newer], proof)
        assert not extends(older, LEAVES[1], newer, ROOTS[newer], proof)
        assert not extends(older, ROOTS[older], newer, LEAVES[1], proof)
        assert not extends(older, ROOTS[older], newer, ROOTS[newer], [*proof, LEAVES[0]])
        if proof:
            assert not extends(older, ROOTS[older], newer, ROOTS[newer], changed(proof, generator))
            assert not extends(older, ROOTS[older], newer, ROOTS[newer], proof[:-1])
    assert extends(0, merkle.EMPTY_ROOT, newer, ROOTS[newer], [])
    assert not extends(newer + 1, ROOTS[1], newer, ROOTS[newer], [])
