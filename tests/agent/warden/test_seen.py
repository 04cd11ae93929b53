from __future__ import annotations

from pathlib import Path

import pytest

from agent.warden.seen import KEEP_NS, SeenRuns

NOW = 1_795_000_000_000_000_000


def test_runs_are_remembered_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    seen = SeenRuns(path, NOW)
    assert b"a" * 16 not in seen
    seen.add(b"a" * 16, NOW)
    assert b"a" * 16 in seen
    assert b"a" * 16 in SeenRuns(path, NOW + 1)
    assert b"b" * 16 not in SeenRuns(path, NOW + 1)


def test_old_runs_are_forgotten_at_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    seen = SeenRuns(path, NOW)
    seen.add(b"a" * 16, NOW)
    seen.add(b"b" * 16, NOW + KEEP_NS)
    later = SeenRuns(path, NOW + KEEP_NS + 1)
    assert b"a" * 16 not in later
    assert b"b" * 16 in later


def test_a_torn_line_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    SeenRuns(path, NOW).add(b"a" * 16, NOW)
    with path.open("a") as file:
        file.write("17950")
    assert b"a" * 16 in SeenRuns(path, NOW)


def test_what_cannot_be_remembered_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    seen = SeenRuns(path, NOW)
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        seen.add(b"a" * 16, NOW)
    assert b"a" * 16 not in seen
