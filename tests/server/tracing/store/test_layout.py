from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from pathlib import Path
from uuid import UUID

import pytest

from server.tracing.store.layout import Listing, RunFolder, replace_file
from tests.server.tracing.rows import SCHEMA


def test_segments_come_in_order_and_the_open_form_counts(folder: RunFolder) -> None:
    for name in (
        "000000000009.seg",
        "000000000001.idx",
        "000000000001.parquet",
        "000000000005.idx",
        "000000000005.seg",
    ):
        (folder.path / name).touch()
    (folder.path / "000000000009.77.part").touch()
    (folder.path / "notes.seg").touch()
    found = [(segment.first_seq, segment.sealed) for segment in folder.segments()]
    assert found == [(1, True), (5, False), (9, False)]


def test_a_run_without_a_folder_has_no_segments_and_no_schema(tmp_path: Path) -> None:
    folder = RunFolder.of(tmp_path, UUID(int=1), UUID(int=2))
    assert folder.segments() == []
    assert folder.schema() is None


def test_the_pinned_schema_is_read_back(folder: RunFolder) -> None:
    assert folder.schema() == SCHEMA


def test_each_stream_has_a_name_of_its_own(folder: RunFolder) -> None:
    names = {folder.parquet(1, stream).name for stream in range(3)}
    assert names == {"000000000001.parquet", "000000000001.1.parquet", "000000000001.2.parquet"}


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    replace_file(target, b"old")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="disk"):
        patched.setattr("os.fsync", _refuse)
        replace_file(target, b"new")
    assert target.read_bytes() == b"old"


def _refuse(_: int) -> None:
    raise OSError("disk")


def test_the_lock_keeps_other_processes_out(folder: RunFolder) -> None:
    context = multiprocessing.get_context("spawn")
    entered = context.Event()
    with folder.locked():
        other = context.Process(target=_enter, args=(folder, entered))
        other.start()
        assert not entered.wait(0.5)
    assert entered.wait(30)
    other.join()


def _enter(folder: RunFolder, entered: object) -> None:
    with folder.locked():
        entered.set()  # type: ignore[attr-defined]


def test_a_kept_listing_never_misses_a_change(folder: RunFolder) -> None:
    listing = Listing(folder)
    for count in range(1, 200):
        folder.segment(count).touch()
        assert len(listing.segments()) == count, "two changes within one tick of the clock have the same time stamp"


def test_a_listing_is_kept_while_nothing_changes(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.segment(1).touch()
    os.utime(folder.path, ns=(0, time.time_ns() - 10**9))
    listing = Listing(folder)
    before = listing.segments()
    monkeypatch.setattr(RunFolder, "segments", lambda _: pytest.fail("listed again"))
    assert listing.segments() is before


def test_a_listing_of_a_folder_that_goes_and_comes_back(folder: RunFolder) -> None:
    listing = Listing(folder)
    folder.segment(1).touch()
    assert len(listing.segments()) == 1
    shutil.rmtree(folder.path)
    assert listing.segments() == []
    folder.create()
    assert listing.segments() == []
