"""What a host tells of its run is told once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from fleetscope.cli import remarks as module
from fleetscope.cli.remarks import Remarks, remarks_told
from fleetscope.errors import Unreachable


def run(name: str, attached: str = "", note: str = "") -> Any:
    return {"id": name, "host": {"name": name}, "schema": {"attached": attached} if attached else None, "note": note}


def test_each_remark_of_each_run_is_told_once() -> None:
    remarks = Remarks()
    assert list(remarks.news([run("web-1"), run("web-2")])) == []
    assert list(remarks.news([run("web-1", "7 functions of /a"), run("web-2")])) == ["web-1: 7 functions of /a"]
    both = [run("web-1", "7 functions of /a", "costs 1.2%"), run("web-2", "7 functions of /a")]
    assert list(remarks.news(both)) == ["web-1: costs 1.2%", "web-2: 7 functions of /a"]
    assert list(remarks.news(both)) == []


def test_they_are_told_while_no_row_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the server was away at the first look."""
    told = threading.Event()
    answers = [Unreachable("no server"), {"runs": [run("web-1", "7 functions of /a")]}]

    class Server:
        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def session(self, session_id: str) -> Any:
            assert session_id == "some"
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

    def note(line: str) -> None:
        assert line == "web-1: 7 functions of /a"
        told.set()

    monkeypatch.setattr(module, "connect", Server)
    monkeypatch.setattr(module, "note", note)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    with remarks_told("some"):
        assert told.wait(60)
