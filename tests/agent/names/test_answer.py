"""Every answer has its bounds, whatever the kind gives."""

from __future__ import annotations

import pytest

from agent.names import answer as answers
from agent.names.answer import BYTES_MAX, KINDS, NAMES_MAX, TEXT_MAX, answer
from agent.names.found import Found, NotAnswered
from agent.warden.policy import NAMES_RISK
from proto.v1.agent_pb2 import Ask, Name, Names
from proto.v1.tool_pb2 import NameKind

KIND = NameKind.NAME_KIND_PROCESS


def played(monkeypatch: pytest.MonkeyPatch, names: list[Name], asked: Ask | None = None) -> Names:
    def kind(ask: Ask) -> Found:
        return Found(names[: ask.limit], len(names), 3)

    monkeypatch.setattr(answers, "KINDS", {KIND: kind})
    return answer(asked or Ask(ask_id=b"7" * 16, kind=KIND))


def test_an_answer_says_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    found = played(monkeypatch, [Name(value="a", label="b", detail="c", since_wall_ns=5)])
    assert (found.ask_id, found.total, found.meant, found.error) == (b"7" * 16, 1, 3, "")
    assert found.names[0] == Name(value="a", label="b", detail="c", since_wall_ns=5)


@pytest.mark.parametrize("limit", [0, 5, 10_000])
def test_there_are_at_most_two_hundred_names(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    many = [Name(value=str(number)) for number in range(1009)]
    found = played(monkeypatch, many, Ask(kind=KIND, limit=limit))
    assert len(found.names) == (limit if 0 < limit <= NAMES_MAX else NAMES_MAX)
    assert found.total == 1009


def test_long_texts_are_cut_and_a_value_that_is_too_long_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "x" * (TEXT_MAX + 1)
    whole, cut = played(monkeypatch, [Name(value="v", label=long, detail=long), Name(value=long)]).names
    assert (whole.value, len(whole.label), whole.label[-1], len(whole.detail)) == ("v", TEXT_MAX, "…", TEXT_MAX)
    assert (cut.value, cut.detail) == ("", "too long to be used from here")


def test_all_names_together_stay_below_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = [Name(value="ü" * TEXT_MAX, label="ü" * TEXT_MAX, detail="ü" * TEXT_MAX)] * NAMES_MAX
    found = played(monkeypatch, wide)
    assert 0 < len(found.names) < NAMES_MAX
    assert found.ByteSize() <= BYTES_MAX + 1024
    assert found.total == NAMES_MAX


def test_a_reason_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: Ask) -> Found:
        raise NotAnswered("there is no process 5 on this host")

    monkeypatch.setattr(answers, "KINDS", {KIND: refuses})
    assert answer(Ask(kind=KIND)).error == "there is no process 5 on this host"
    assert "upgrade" in answer(Ask(kind=99)).error  # type: ignore[arg-type]


def test_every_kind_that_is_answered_has_a_risk_class() -> None:
    assert set(KINDS) <= set(NAMES_RISK)
