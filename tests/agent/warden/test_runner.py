"""A small process in the runner's place: what it says arrives in order, what it does wrong ends it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import pytest

from agent.warden import runner
from agent.warden.loop import Loop
from agent.warden.runner import Runner
from proto.v1.agent_pb2 import Stop
from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden

HEAD = """
import os, signal, socket, time
from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden, WardenToRunner
warden = socket.socket(fileno=3)
config = RunnerConfig.FromString(warden.recv(65536))
def tell(note, *fds):
    message = RunnerToWarden(update={"run_id": config.run_id, "note": note})
    socket.send_fds(warden, [message.SerializeToString()], fds)
"""


class Played:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
        monkeypatch.setattr(runner, "python", lambda *_: [sys.executable, "-c", HEAD + code])
        self.loop = Loop()
        self.notes: list[str] = []
        self.descriptors: list[int] = []
        self.exits: list[str] = []
        self.runner = Runner(self.loop, self._message, self._exit)
        self.runner.configure(RunnerConfig(run_id=b"r" * 16))

    def _message(self, message: RunnerToWarden, descriptors: list[int]) -> None:
        self.notes.append(message.update.note)
        self.descriptors += descriptors

    def _exit(self, how: str) -> None:
        self.exits.append(how)
        self.loop.stop()

    def run(self, then: Callable[[], None] | None = None, after: float = 0.5) -> None:
        if then:
            self.loop.call_later(after, then)
        self.loop.call_later(20, self.loop.stop)
        self.loop.run()


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Played]:
    return lambda code: Played(monkeypatch, code)


def test_messages_and_descriptors_arrive_before_the_exit(play: Callable[[str], Played]) -> None:
    played = play("tell('first', os.pipe()[0]); [tell(str(n)) for n in range(50)]")
    played.run()
    assert played.notes == ["first", *map(str, range(50))]
    assert len(played.descriptors) == 1
    os.close(played.descriptors[0])
    assert played.exits == ["exit code 0"]


def test_its_limits_are_set_before_it_is_told_what_to_do(play: Callable[[str], Played]) -> None:
    played = play(
        "import resource as r\n"
        "tell(f'{r.getrlimit(r.RLIMIT_AS)[0]} {r.getrlimit(r.RLIMIT_CORE)[1]}')\n"
        "tell(open('/proc/self/oom_score_adj').read().strip())"
    )
    played.run()
    assert played.notes == [f"{runner.ADDRESS_SPACE} 0", str(runner.OOM_SCORE)]


def test_a_stop_is_passed_on(play: Callable[[str], Played]) -> None:
    played = play("tell(WardenToRunner.FromString(warden.recv(65536)).stop.message)")
    played.run(lambda: played.runner.stop(Stop(message="enough")))
    assert played.notes == ["enough"]


def test_who_does_not_stop_is_terminated_and_then_killed(
    play: Callable[[str], Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(runner, "TERM_SECONDS", 0.2)
    deaf = "signal.signal(signal.SIGTERM, lambda *_: tell('no'))\ntell('up')\nwhile True: time.sleep(0.05)"
    played = play(deaf)
    began = time.monotonic()
    played.run(lambda: played.runner.stop(Stop()), after=1)
    assert played.notes == ["up", "no"]
    assert played.exits == ["signal SIGKILL"]
    assert time.monotonic() - began < 5


def test_nonsense_ends_it(play: Callable[[str], Played]) -> None:
    played = play("warden.send(b'\\xff\\xff\\xff'); time.sleep(60)")
    played.run()
    assert played.exits == ["signal SIGKILL"]


def test_its_memory_is_seen(play: Callable[[str], Played]) -> None:
    sizes: list[int] = []
    played = play("hoard = bytearray(50 << 20); tell('full'); warden.recv(65536)")

    def look() -> None:
        sizes.append(played.runner.memory_bytes())
        played.runner.kill()

    played.run(look, after=1)
    assert 50 << 20 < sizes[0] < 200 << 20
    assert played.runner.memory_bytes() == 0
