from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.names import serve as serving
from agent.packets import socket_pair
from proto.v1.agent_pb2 import Ask, Names


@contextmanager
def served(answer: Callable[[Ask], Names]) -> Iterator[socket.socket]:
    """A process that serves with this answer; the fork that answers limits itself, so it is not the test's own."""
    ours, theirs = socket_pair()
    child = os.fork()
    if not child:
        ours.close()
        setattr(serving, "answer", answer)  # noqa: B010 (in this fork only)
        serving.serve(theirs)
        os._exit(0)
    theirs.close()
    ours.settimeout(30)
    try:
        yield ours
    finally:
        ours.close()
        assert os.waitpid(child, 0)[1] == 0, "it ends when nobody asks any more"


def ask(peer: socket.socket, text: str) -> Names:
    peer.send(Ask(ask_id=text.encode(), text=text).SerializeToString())
    return Names.FromString(peer.recv(65536))


def by_word(question: Ask) -> Names:
    match question.text:
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(60)
        case "burn":
            while True:
                pass
        case "fail":
            raise RuntimeError("a bug")
    return Names(ask_id=question.ask_id, total=os.getpid())


def test_every_question_has_a_process_of_its_own() -> None:
    with served(by_word) as peer:
        first, second = ask(peer, "a"), ask(peer, "b")
    assert (first.ask_id, second.ask_id) == (b"a", b"b")
    assert first.total != second.total


@pytest.mark.parametrize(("text", "how"), [("crash", "SIGKILL"), ("hang", "3 s"), ("fail", "exit code 1")])
def test_an_answer_that_fails_is_told_and_the_next_one_comes(text: str, how: str) -> None:
    with served(by_word) as peer:
        failed = ask(peer, text)
        assert failed.ask_id == text.encode()
        assert failed.error == f"the answer would take this host too long ({how}); type more of the name"
        assert ask(peer, "next").total > 0


def test_an_answer_that_burns_cpu_is_ended() -> None:
    with served(by_word) as peer:
        assert "too long" in ask(peer, "burn").error
