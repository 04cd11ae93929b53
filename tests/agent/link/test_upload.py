from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent.link import upload as module
from agent.link.spool_reader import Piece
from agent.link.upload import WINDOW_FRAMES, Stuck, Upload
from proto import frame
from proto.v1.stream_pb2 import BatchHead

COUNT = 100


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    frames = (frame.encode(BatchHead(run_id=b"r" * 16, seq=seq), b"x" * 100) for seq in range(1, COUNT + 1))
    (tmp_path / "000000000001.frames").write_bytes(b"".join(frames))
    upload = Upload(b"r" * 16, tmp_path, 0)
    upload.spooled = COUNT
    return upload


def _send(upload: Upload) -> list[int]:
    sent = []
    while upload.ready and (piece := upload.next()):
        sent.append(piece.seq)
    return sent


def test_the_window_is_bounded_in_frames_and_bytes(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _send(upload) == list(range(1, WINDOW_FRAMES + 1))
    assert upload.ack(10)
    assert _send(upload) == list(range(WINDOW_FRAMES + 1, WINDOW_FRAMES + 11))
    monkeypatch.setattr(module, "WINDOW_BYTES", 300)
    assert upload.ack(WINDOW_FRAMES + 10)
    assert len(_send(upload)) <= 3


def test_only_what_is_known_to_be_on_disk_is_sent(upload: Upload) -> None:
    upload.spooled = 5
    assert _send(upload) == [1, 2, 3, 4, 5]


def test_acks_are_cumulative_and_never_from_the_future(upload: Upload) -> None:
    _send(upload)
    assert upload.ack(20)
    assert not upload.ack(20)
    assert not upload.ack(7)
    assert not upload.ack(COUNT + 1)
    assert upload.acked == 20


def test_what_the_server_has_from_an_earlier_agent_is_skipped(upload: Upload) -> None:
    _send(upload)
    assert upload.ack(COUNT - 1)
    assert _send(upload) == [COUNT]
    upload.ended = True
    assert upload.ack(COUNT) and upload.done


def test_a_new_connection_goes_on_behind_the_last_ack(upload: Upload) -> None:
    _send(upload)
    upload.ack(12)
    upload.restart()
    assert _send(upload)[0] == 13


def test_a_reject_goes_back_once(upload: Upload) -> None:
    _send(upload)
    upload.ack(4)
    upload.reject(5)
    assert _send(upload)[0] == 5
    upload.reject(5)
    assert _send(upload) == [], "frames that were in flight already do not rewind again"


def test_a_frame_that_is_always_refused_gives_the_connection_up(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = time.monotonic()
    monkeypatch.setattr("agent.link.upload.time.monotonic", lambda: clock)
    with pytest.raises(Stuck, match="refuses frame 1"):
        for _ in range(module.SAME_REJECT_MAX + 1):
            upload.reject(1)
            clock += 2
    upload.restart()
    upload.reject(1)
    assert _send(upload)[0] == 1


def test_it_is_done_when_the_end_is_acked(upload: Upload) -> None:
    upload.spooled, upload.ended = 3, True
    _send(upload)
    done = [upload.ack(seq) and upload.done for seq in (2, 3)]
    assert done == [False, True]
    upload.close()


def test_a_damaged_frame_is_sent_as_one_that_says_so(tmp_path: Path) -> None:
    frames = [frame.encode(BatchHead(run_id=b"r" * 16, seq=seq, boot_ns=1000 * seq), b"x" * 100) for seq in (1, 2, 3)]
    frames[1] = frames[1][:-1] + b"y"
    (tmp_path / "000000000001.frames").write_bytes(b"".join(frames))
    upload = Upload(b"r" * 16, tmp_path, 0)
    upload.spooled = 3
    for _ in range(2):  # a new connection says the same again
        heads = [frame.decode(piece.raw).head for piece in _pieces(upload)]
        assert [head.seq for head in heads] == [1, 2, 3]
        assert [bool(head.damaged) for head in heads] == [False, True, False]
        assert "frame 2 is missing or damaged, 3 follows" in heads[1].damaged
        assert (heads[1].rows, heads[1].boot_ns) == (0, 3000)
        upload.restart()


def _pieces(upload: Upload) -> list[Piece]:
    found = []
    while upload.ready and (piece := upload.next()):
        found.append(piece)
    return found


@pytest.mark.parametrize("cut", [1, 100, 120])
def test_a_last_frame_that_is_not_whole_ends_the_run_with_unknown_books(tmp_path: Path, cut: int) -> None:
    frames = [frame.encode(BatchHead(run_id=b"r" * 16, seq=seq), b"x" * 100) for seq in (1, 2)]
    (tmp_path / "000000000001.frames").write_bytes(b"".join(frames)[:-cut])
    upload = Upload(b"r" * 16, tmp_path, 0)
    upload.spooled, upload.ended = 2, True
    first, last = (frame.decode(piece.raw).head for piece in _pieces(upload))
    assert not first.damaged and last.damaged
    assert last.HasField("end") and not last.end.ledger_known


def test_a_spool_that_is_gone_sends_nothing(tmp_path: Path) -> None:
    upload = Upload(b"r" * 16, tmp_path / "removed", 0)
    upload.spooled = 3
    assert _pieces(upload) == []
