from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from server.accounts import schemas
from server.accounts.models import User


@pytest.mark.parametrize(
    ("role", "can"),
    [
        ("viewer", {"look"}),
        ("tracer", {"look", "start", "reveal"}),
        ("approver", {"look", "approve"}),
        ("auditor", {"audit"}),
        ("admin", {"look", "start", "reveal", "stop_any", "admin", "audit", "grant"}),
    ],
)
def test_me_says_what_i_can(user: Callable[..., User], role: str, can: set[str]) -> None:
    me = schemas.me(user(role))
    assert {name for name, allowed in me.pop("can").items() if allowed} == can | {"password"}
    teams = ["default"] if "start" in can else []
    assert me == {"username": role, "role": role, "teams": teams, "one_time": False}


def test_who_signs_in_elsewhere_has_no_password_to_change(user: Callable[..., User]) -> None:
    ann = user("viewer")
    ann.set_unusable_password()
    assert not schemas.me(ann)["can"]["password"]
    ann.one_time = True  # which is used up by the sign-in with it, and an own one is to be chosen
    assert schemas.me(ann)["can"]["password"]


@pytest.mark.parametrize("name", ["", "a b", "<script>", "\0", "x" * 65, "-a"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        schemas.NewUser(username=name, password="long enough secret")
