from __future__ import annotations

from server.accounts.models import Role
from server.accounts.roles import ANYBODY, CONSOLE, RULES, Action


def test_every_action_has_one_rule() -> None:
    assert set(RULES) | ANYBODY == set(Action)
    assert set(RULES).isdisjoint(ANYBODY)
    assert set(Action) > CONSOLE


def test_an_auditor_has_the_audit_and_nothing_else() -> None:
    assert [action for action, rule in RULES.items() if Role.AUDITOR in rule.roles | rule.own] == [Action.AUDIT_VIEW]


def test_rows_are_shown_by_rules_that_say_so() -> None:
    assert {action for action, rule in RULES.items() if rule.content} == {
        Action.SESSION_VIEW,
        Action.SESSION_EXPORT,
        Action.SESSION_SHARE,
    }
