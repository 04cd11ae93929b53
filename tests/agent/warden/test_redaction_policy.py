from __future__ import annotations

import re

import pytest

from agent.detectors import NAMES
from agent.warden.policy import PolicyError, parse_policy


def test_by_default_every_detector_is_used_and_nothing_is_revealed() -> None:
    policy = parse_policy({}).redaction
    assert list(policy.rules(revealed=False).detectors) == list(NAMES)
    assert policy.forbids_reveal()


def test_the_hosts_own_patterns_and_choice_of_detectors() -> None:
    table = {"off": ["card"], "patterns": {"staff-number": "E[0-9]{6}"}, "reveal": True}
    policy = parse_policy({"redaction": table}).redaction
    rules = policy.rules(revealed=False)
    assert "card" not in rules.detectors and len(rules.detectors) == len(NAMES) - 1
    assert [(rule.name, rule.expression) for rule in rules.patterns] == [("staff-number", "E[0-9]{6}")]
    assert policy.forbids_reveal() == ""


def test_a_session_that_reveals_has_no_rules() -> None:
    rules = parse_policy({"redaction": {"patterns": {"x": "x+"}, "reveal": True}}).redaction.rules(revealed=True)
    assert not rules.detectors and not rules.patterns


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"on": []}, "redaction.on: is not known"),
        ({"off": "card"}, "redaction.off: must be a list"),
        ({"off": ["cards"]}, "redaction.off: 'cards' is no detector; they are private-key, "),
        ({"reveal": "no"}, "redaction.reveal: must be true or false"),
        ({"patterns": ["x"]}, "redaction.patterns: must be a table"),
        ({"patterns": {"card": "x"}}, "redaction.patterns.card: its name must be"),
        ({"patterns": {"a b": "x"}}, "redaction.patterns.a b: its name must be"),
        ({"patterns": {"x": 5}}, "redaction.patterns.x: must be a regular expression"),
        ({"patterns": {"x": "a" * 1001}}, "redaction.patterns.x: must be a regular expression"),
        ({"patterns": {"x": "(a"}}, "redaction.patterns.x: is no regular expression"),
        ({"patterns": {"x": "a*"}}, "redaction.patterns.x: matches the empty text"),
        ({"patterns": {"x": r"(a)\1"}}, "redaction.patterns.x: '\\\\1' needs backtracking"),
        ({"patterns": {"x": "a(?=b)"}}, "redaction.patterns.x: '(?=' needs backtracking"),
        ({"patterns": {"x": "a++b"}}, "redaction.patterns.x: '++' needs backtracking"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_key(table: dict[str, object], why: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(why)):
        parse_policy({"redaction": table})
