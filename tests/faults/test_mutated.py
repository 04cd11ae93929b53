"""Whatever a hostile host sends as frames and messages is refused in order, and costs no memory that stays."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.e2e.stack import ROOT
from tests.faults.take_mutated import honest_frames, honest_messages

GROWTH = 64 * 1024 * 1024
SHORT = 4000
AT_ONCE = 50_000  # cases of one process


def take(cases: int, seed: int) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.faults.take_mutated", str(cases), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr[-3000:]}"
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_mutated_input_is_refused_and_leaves_nothing(pytestconfig: pytest.Config) -> None:
    cases = pytestconfig.getoption("--cases") or SHORT
    for seed, first in enumerate(range(0, cases, AT_ONCE), 1):
        size = min(AT_ONCE, cases - first)
        found = take(size, seed)
        assert found.pop("grown") <= GROWTH
        assert sum(found.values()) == size
        # A corpus of which nothing passes, or everything, would test no check behind the first.
        wanted = {"frames damaged", "frames refused", "frames taken", "messages refused", "messages taken"}
        assert set(found) == wanted or size < SHORT, found


def test_the_corpus_begins_with_what_an_honest_host_sends() -> None:
    from proto.columnar import BodyDecoder
    from tests.faults.take_mutated import frame, message
    from tests.server.tracing.rows import TWO_STREAMS

    decoders = [BodyDecoder(stream) for stream in TWO_STREAMS.streams]
    assert {frame(raw, decoders) for raw in honest_frames()} == {"frames taken"}
    assert {message(raw) for raw in honest_messages()} == {"messages taken"}
