from __future__ import annotations

from server.accounts import words
from server.accounts.credentials import Identity
from server.accounts.models import Grant, Risk, Role, Team, User


def test_a_grant_reads_as_a_line() -> None:
    held = Grant(
        person=User(username="ann"),
        role=Role.TRACER,
        team=Team(name="web"),
        host_labels={"env": "staging"},
        risk=Risk.S1,
        max_seconds=300,
        max_budget_permille=25,
        max_hosts=3,
    )
    assert words.columns(held) == ["ann", "tracer", "web", "env=staging", "S1", "300 s, 2.5% CPU, 3 hosts"]


def test_that_it_breaks_the_glass_is_said() -> None:
    held = Grant(person=User(username="ann"), role=Role.TRACER, break_glass=True)
    assert words.columns(held)[1] == "tracer, may break the glass"


def test_whose_groups_give_it_is_said() -> None:
    held = Grant(person=User(username="ann"), role=Role.VIEWER, identity=Identity(issuer="https://id.example"))
    assert words.columns(held)[0] == "ann by groups at https://id.example"


def test_what_does_not_bind_is_said_too() -> None:
    held = Grant(holders=Team(name="ops"), role=Role.ADMIN, risk=Risk.S3)
    assert words.columns(held) == ["members of ops", "admin", "every team", "every host", "S3", "no bounds"]
