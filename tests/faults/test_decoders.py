"""Whatever the other side, or a broken disk, gives to a decoder, it refuses in order and at once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.faults.decoders import DECODERS, Decoder

SHORT = 2000  # cases of each
SECONDS = 1.0  # of processor time


def taken(decoder: Decoder, raw: bytes) -> bool:
    try:
        decoder.take(raw)
    except decoder.refusals:
        return False
    return True


@pytest.mark.parametrize("name", DECODERS)
def test_mutated_input_is_refused_in_order_and_at_once(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    decoder = DECODERS[name](tmp_path)
    assert all(taken(decoder, raw) for raw in decoder.honest), "what an honest writer gives is refused"
    refused, slowest = 0, 0.0
    for seed in range(pytestconfig.getoption("--cases") or SHORT):
        chance = random.Random(seed)
        raw = decoder.change(chance.choice(decoder.honest), chance, decoder.honest)
        began = time.thread_time()
        try:
            refused += not taken(decoder, raw)
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}: {error!r} for {raw[:2000]!r}") from error
        slowest = max(slowest, time.thread_time() - began)
        assert slowest < SECONDS, f"{name}, seed {seed}: {slowest:.1f} s for {raw[:2000]!r}"
    assert refused or not decoder.refusals, "nothing was refused, so nothing was tested"
