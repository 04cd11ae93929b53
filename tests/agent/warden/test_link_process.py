"""The link is kept running and never believed further than it must be."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from agent.warden import link_process
from agent.warden.link_process import LinkProcess
from agent.warden.loop import Loop
from proto.v1.agent_pb2 import Ack, AgentMessage, Heartbeat
from proto.v1.local_pb2 import Credentials, LinkToWarden, Spooled, WardenToLink

HEAD = "import socket, time\nwarden = socket.socket(fileno=3)\n"
ACK = LinkToWarden(ack=Ack(run_id=b"r", seq=1))


class Played:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
        monkeypatch.setattr(link_process, "python", lambda *_: [sys.executable, "-c", HEAD + code])
        self.loop = Loop()
        self.heard: list[LinkToWarden] = []
        self.starts: list[float] = []
        self.link = LinkProcess(
            self.loop, Path("/state"), self.heard.append, lambda: self.starts.append(time.monotonic())
        )
        self.link.start()

    def run(self, seconds: float = 10, until: int = 0) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.every(0.02, lambda: self.loop.stop() if until and len(self.starts) >= until else None)
        self.loop.run()


def test_it_is_started_again_within_two_seconds_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    played = Played(monkeypatch, "raise SystemExit(7)")
    played.run(until=5)
    pauses = [later - earlier for earlier, later in zip(played.starts, played.starts[1:], strict=False)]
    assert len(pauses) == 4 and max(pauses) < 2.5
    assert played.link.restarts == 4
    assert "the link ended (exit code 7); starting it again in 0.3 s" in caplog.text


def test_messages_go_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    both = "data = {warden.recv(65536) for _ in range(3)}\nassert len(data) == 3\n"
    echo = f"{both}warden.send({ACK.SerializeToString()!r})\ntime.sleep(60)"
    played = Played(monkeypatch, echo)
    played.link.send(AgentMessage(heartbeat=Heartbeat(spool_bytes=1)))
    played.link.spooled(Spooled(run_id=b"r", seq=3))
    played.link.credentials(Credentials(key=b"new"))
    played.loop.every(0.02, lambda: played.loop.stop() if played.heard else None)
    played.run()
    assert played.heard == [ACK]
    played.link.kill()


@pytest.mark.parametrize("code", ["warden.send(b'\\xff' * 9); time.sleep(60)", "time.sleep(60)"])
def test_one_that_talks_nonsense_or_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    played = Played(monkeypatch, code)
    if "send" not in code:
        for _ in range(30):
            played.link.send(AgentMessage(refusal={"reason": "x" * 900_000}))
    played.run(until=2)
    assert len(played.starts) == 2
    played.link.stop()
    played.link.kill()


def test_a_message_that_no_packet_holds_is_dropped_aloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    played = Played(monkeypatch, "time.sleep(60)")
    played.link.send(AgentMessage(refusal={"reason": "x" * 2_000_000}))
    assert "too large for the link" in caplog.text
    assert not played.link.gone
    played.link.kill()


def test_an_orderly_end_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, "time.sleep(60)")
    played.loop.call_later(0.2, played.link.stop)
    played.run(1.5)
    assert played.link.gone
    assert len(played.starts) == 1
    assert WardenToLink().ByteSize() == 0
