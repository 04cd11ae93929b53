from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import pytest

from agent.link.account import Account
from agent.warden import answering
from agent.warden.answering import AT_ONCE, QUEUE_MAX, Answering
from agent.warden.loop import Loop
from proto.v1.agent_pb2 import Ask, Names
from proto.v1.tool_pb2 import NameKind
from tests.agent.support.host import is_gone

HEAD = """
import os, socket, time
from proto.v1.agent_pb2 import Ask, Names
warden = socket.socket(fileno=3)
def reply(**fields):
    warden.send(Names(**fields).SerializeToString())
"""
ECHO = "while data := warden.recv(65536):\n    reply(ask_id=Ask.FromString(data).ask_id, total=os.getpid())"


class Asked:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: str = "") -> None:
        if code:
            monkeypatch.setattr(answering, "python", lambda *_: [sys.executable, "-c", HEAD + code])
        self.loop = Loop()
        self.heard: list[Names] = []
        self.answering = Answering(self.loop, Account(61997, 61997), self.heard.append)

    def ask(self, *ids: str, kind: NameKind = NameKind.NAME_KIND_PROCESS, text: str = "") -> None:
        for ask_id in ids:
            self.answering.answer(Ask(ask_id=ask_id.encode(), kind=kind, text=text))

    def run(self, answers: int) -> None:
        self._run(lambda: len(self.heard) >= answers)
        assert len(self.heard) == answers, self.heard

    def run_until_gone(self, pids: list[int]) -> None:
        self._run(lambda: not self.answering.pids)
        assert all(is_gone(pid) for pid in pids)

    def _run(self, reached: Callable[[], bool], seconds: float = 30) -> None:
        until = time.monotonic() + seconds

        def look() -> None:
            if reached() or time.monotonic() > until:
                self.loop.stop()
            else:
                self.loop.call_later(0.01, look)

        self.loop.call_later(0, look)
        self.loop.run()
        assert reached()


def test_the_real_child_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    asked.ask("1", text=str(os.getpid()))
    asked.run(1)
    assert asked.heard[0].names[0].value == str(os.getpid())
    pids = asked.answering.pids
    asked.answering.stop()
    asked.run_until_gone(pids)


def test_who_asks_again_gets_the_child_that_runs_already(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, ECHO)
    for number in range(3):
        asked.ask(str(number))
        asked.run(number + 1)
    assert len({names.total for names in asked.heard}) == 1
    asked.answering.stop()


def test_few_children_answer_many_questions_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, ECHO)
    ids = [str(number) for number in range(11)]
    asked.ask(*ids)
    assert len(asked.answering.pids) == AT_ONCE
    asked.run(11)
    assert sorted(names.ask_id.decode() for names in asked.heard) == sorted(ids)
    assert len({names.total for names in asked.heard}) <= AT_ONCE
    asked.answering.stop()


def test_more_than_can_wait_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, "time.sleep(60)")
    asked.ask(*map(str, range(AT_ONCE + QUEUE_MAX + 3)))
    assert ["too many questions" in names.error for names in asked.heard] == [True] * 3
    asked.answering.stop()


def test_a_child_that_dies_costs_its_question_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "data = Ask.FromString(warden.recv(65536))\nif data.text == 'die': os.abort()\nreply(ask_id=data.ask_id)"
    asked = Asked(monkeypatch, code)
    asked.ask("1", text="die")
    asked.ask("2", text="live")
    asked.run(2)
    by_id = {names.ask_id: names.error for names in asked.heard}
    assert by_id == {b"1": "the process that answers ended (signal SIGABRT); try again", b"2": ""}


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "HANGING_SECONDS", 0.2)
    asked = Asked(monkeypatch, "time.sleep(60)")
    asked.ask("1")
    pids = asked.answering.pids
    asked.run(1)
    assert "SIGKILL" in asked.heard[0].error
    asked.run_until_gone(pids)


def test_nobody_waits_for_ever_for_the_next_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "IDLE_SECONDS", 0.1)
    asked = Asked(monkeypatch, ECHO)
    asked.ask("1")
    pids = asked.answering.pids
    asked.run(1)
    asked.run_until_gone(pids)
    assert asked.answering.pids == []


@pytest.mark.parametrize(
    "answer", ["reply(ask_id=b'other')", "warden.send(b'\\xff\\xff')", "warden.send(b'x' * 600000)"]
)
def test_an_answer_counts_for_its_own_question_only(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    code = f"data = Ask.FromString(warden.recv(65536))\n{answer}\nreply(ask_id=data.ask_id, total=7)\ntime.sleep(60)"
    asked = Asked(monkeypatch, code)
    asked.ask("1")
    asked.run(1)
    assert (asked.heard[0].ask_id, asked.heard[0].total) == (b"1", 7)
    asked.answering.stop()


def test_nothing_is_answered_after_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, ECHO)
    asked.answering.stop()
    asked.ask("1")
    assert asked.heard[0].error


def test_a_full_table_of_processes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, ECHO)

    def full(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(answering, "Answerer", full)
    asked.ask("1")
    assert "cannot start a process to answer" in asked.heard[0].error
