from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from agent.warden.loop import Loop
from agent.warden.status import StatusSocket, ask


def test_the_answer_arrives_whole_over_a_socket_that_only_root_can_open(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    path, loop, answers = folder / "status.sock", Loop(), []
    answer = {"runs": [{"user": "x" * 1000}] * 50}
    sock = StatusSocket(loop, path, lambda: answer)

    def client() -> None:
        answers.append(ask(path))

    thread = threading.Thread(target=client)
    thread.start()
    loop.every(0.02, lambda: None if thread.is_alive() else loop.stop())
    loop.run()
    assert answers == [answer]
    assert path.stat().st_mode & 0o777 == 0o600
    sock.close()
    assert not path.exists()


def test_a_reader_that_goes_away_does_no_harm(tmp_path: Path) -> None:
    path, loop = tmp_path / "status.sock", Loop()
    sock = StatusSocket(loop, path, lambda: {"runs": []})
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    loop.call_later(0.1, loop.stop)
    loop.run()
    sock.close()
    with pytest.raises(OSError, match="No such file"):
        ask(path)
