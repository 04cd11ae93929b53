from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.link.spool_reader import SpoolDamaged, SpoolReader
from proto import frame
from proto.v1.stream_pb2 import BatchHead


def raw(seq: int) -> bytes:
    return frame.encode(BatchHead(run_id=b"r" * 16, seq=seq), b"body" * seq)


def write(folder: Path, first: int, last: int, extra: bytes = b"") -> Path:
    path = folder / f"{first:012d}.frames"
    path.write_bytes(b"".join(raw(seq) for seq in range(first, last + 1)) + extra)
    return path


def read_all(reader: SpoolReader) -> list[int]:
    seqs = []
    while (piece := reader.read()) is not None:
        assert piece.raw == raw(piece.seq)
        seqs.append(piece.seq)
    return seqs


def test_frames_come_in_order_over_files(tmp_path: Path) -> None:
    write(tmp_path, 1, 3)
    write(tmp_path, 4, 4)
    write(tmp_path, 5, 9)
    reader = SpoolReader(tmp_path)
    assert read_all(reader) == list(range(1, 10))
    write(tmp_path, 10, 11)
    assert read_all(reader) == [10, 11]


def test_a_frame_is_read_when_it_is_whole(tmp_path: Path) -> None:
    reader = SpoolReader(tmp_path / "missing")
    assert reader.read() is None
    reader = SpoolReader(tmp_path)
    whole = raw(2)
    for cut in (0, 1, frame.PREFIX.size, len(whole) - 1):
        write(tmp_path, 1, 1, whole[:cut])
        assert read_all(SpoolReader(tmp_path)) == [1]
    path = write(tmp_path, 1, 1, whole[:20])
    assert read_all(reader) == [1]
    with path.open("ab") as file:
        file.write(whole[20:])
    assert read_all(reader) == [2]


def test_reading_can_begin_and_go_back_anywhere(tmp_path: Path) -> None:
    write(tmp_path, 1, 3)
    write(tmp_path, 4, 6)
    assert read_all(SpoolReader(tmp_path, 5)) == [5, 6]
    reader = SpoolReader(tmp_path)
    read_all(reader)
    reader.seek(2)
    assert read_all(reader) == [2, 3, 4, 5, 6]


def test_trimmed_files_are_not_missed_once_they_were_read(tmp_path: Path) -> None:
    first = write(tmp_path, 1, 3)
    reader = SpoolReader(tmp_path)
    assert read_all(reader) == [1, 2, 3]
    first.unlink()
    write(tmp_path, 4, 5)
    assert read_all(reader) == [4, 5]


def test_the_wardens_end_frame_is_found_in_place_of_a_torn_file(tmp_path: Path) -> None:
    path = write(tmp_path, 1, 2, b"FSF1torn")
    torn = write(tmp_path, 3, 2, b"FSF1")
    reader = SpoolReader(tmp_path)
    assert read_all(reader) == [1, 2]
    torn.unlink()
    with path.open("r+b") as file:
        file.truncate(len(raw(1) + raw(2)))
        file.seek(0, os.SEEK_END)
        file.write(raw(3))
    assert read_all(reader) == [3]


@pytest.mark.parametrize("position", [0, 5, 20, 40])
def test_damage_is_never_sent(tmp_path: Path, position: int) -> None:
    path = write(tmp_path, 1, 3)
    data = bytearray(path.read_bytes())
    data[len(raw(1)) + position] ^= 0xFF
    path.write_bytes(data)
    reader = SpoolReader(tmp_path)
    first = reader.read()
    assert first is not None and first.seq == 1
    with pytest.raises(SpoolDamaged, match="frame 2"):
        read_all(reader)
    reader.give_up()
    assert read_all(reader) == [3]


def test_what_is_written_behind_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "000000000001.frames"
    path.write_bytes(raw(1) + b"x" * 50)
    reader = SpoolReader(tmp_path)
    assert reader.read() is not None
    with pytest.raises(SpoolDamaged):
        reader.read()
    assert reader.give_up() == 0
    with path.open("ab") as file:
        file.write(raw(3))
    assert read_all(reader) == [3]


def test_a_frame_that_was_trimmed_cannot_be_read_again(tmp_path: Path) -> None:
    write(tmp_path, 4, 6)
    with pytest.raises(SpoolDamaged, match="frame 3 is gone"):
        SpoolReader(tmp_path, 3).read()
    assert read_all(SpoolReader(tmp_path, 4)) == [4, 5, 6]


def test_a_hole_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "000000000001.frames"
    path.write_bytes(raw(1) + raw(3))
    reader = SpoolReader(tmp_path)
    assert reader.read() is not None
    with pytest.raises(SpoolDamaged, match="frame 2 is missing or damaged, 3 follows"):
        reader.read()
