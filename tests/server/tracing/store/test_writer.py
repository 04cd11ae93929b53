from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from proto.frame import FrameError
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.store import HoleError
from server.tracing.store import writer as writer_module
from server.tracing.store.layout import RunFolder
from server.tracing.store.writer import RunWriter
from tests.server.tracing.rows import Frames


def sizes(folder: RunFolder) -> list[int]:
    return [segment.path.stat().st_size for segment in folder.segments()]


def test_a_disk_that_refuses_leaves_nothing_behind(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, frames = RunWriter(folder), Frames()
    first, second = frames.rows_of(3), frames.rows_of(3)
    writer.append([first])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr(os, "fdatasync", full)
        writer.append([second])
    assert sizes(folder) == [len(first)]
    writer.append([second])
    assert sizes(folder) == [len(first + second)]


def test_a_short_write_is_continued(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Short:
        """Takes seven bytes at a time, as a kernel may."""

        def __init__(self, file: Any) -> None:
            self._file = file

        def write(self, data: memoryview) -> int:
            return int(self._file.write(data[:7]))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

    real = writer_module._open
    monkeypatch.setattr(writer_module, "_open", lambda path: Short(real(path)))
    writer, first = RunWriter(folder), Frames().rows_of(3)
    writer.append([first])
    assert folder.segments()[0].path.read_bytes() == first


def test_a_damaged_frame_stores_nothing(folder: RunFolder) -> None:
    writer, frames = RunWriter(folder), Frames()
    first, second = frames.rows_of(3), frames.rows_of(3)
    with pytest.raises(FrameError):
        writer.append([first, second[:-1] + b"\0"])
    assert folder.segments() == []


def test_a_full_segment_is_followed_by_a_new_one(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 1)
    writer, frames = RunWriter(folder), Frames()
    for _ in range(3):
        writer.append([frames.rows_of(1)])
    assert [segment.first_seq for segment in folder.segments()] == [1, 2, 3]


def test_an_idle_run_is_closed_once_and_an_ended_one_not_at_all(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_SECONDS", 0.0)
    writer, frames = RunWriter(folder), Frames()
    writer.append([frames.rows_of(1)])
    for _ in range(3):
        writer.rotate_if_due()
    assert [segment.first_seq for segment in folder.segments()] == [1, 2]
    writer.append([frames.end(END_CAUSE_DURATION)])
    writer.rotate_if_due()
    assert [segment.first_seq for segment in folder.segments()] == [1, 2]
    assert writer.ended


def test_damage_in_the_middle_is_kept_as_evidence(folder: RunFolder) -> None:
    frames = Frames()
    first, second, third = (frames.rows_of(3) for _ in range(3))
    RunWriter(folder).append([first, second, third])
    segment = folder.segments()[0].path
    damaged = first + b"\0" + second[1:] + third
    segment.write_bytes(damaged)
    fourth = frames.rows_of(3)
    RunWriter(folder).append([fourth])
    assert segment.read_bytes() == damaged + fourth


def test_the_hole_names_what_to_send(folder: RunFolder) -> None:
    writer, frames = RunWriter(folder), Frames()
    frames.rows_of(1)
    with pytest.raises(HoleError, match="send batch 1 next"):
        writer.append([frames.rows_of(1)])
