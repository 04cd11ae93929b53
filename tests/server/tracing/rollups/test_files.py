from __future__ import annotations

from dataclasses import replace

import pytest

from server.tracing.rollups import files
from server.tracing.rollups.build import build
from server.tracing.rollups.files import Rollups, rollup_path
from server.tracing.store import SegmentStore
from tests.server.tracing.rollups.conftest import RUN, SESSION


def test_a_rollup_counts_only_for_its_own_rows_and_clock(store: SegmentStore) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    rollups = Rollups()
    assert rollups.of(sealed, 0) is None
    build(sealed, stream, 0)
    assert rollups.of(sealed, 0) is not None
    assert rollups.of(sealed, 1) is None
    assert rollups.of(replace(sealed, sha256="0" * 64), 0) is None


def test_what_is_no_rollup_is_none(store: SegmentStore) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    rollups = Rollups()
    build(sealed, stream, 0)
    assert rollups.of(sealed, 0) is not None
    rollup_path(sealed.path).write_bytes(b"PAR1 and nothing else")
    assert rollups.of(sealed, 0) is None
    rollup_path(sealed.path).write_bytes(sealed.path.read_bytes())
    assert rollups.of(sealed, 0) is None


def test_what_an_older_version_made_is_passed_over(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    with monkeypatch.context() as older:
        older.setattr(files, "FORMAT", files.FORMAT - 1)
        build(sealed, stream, 0)
        assert Rollups().of(sealed, 0) is not None
    assert Rollups().of(sealed, 0) is None
    build(sealed, stream, 0)
    assert Rollups().of(sealed, 0) is not None
