from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from server.accounts import schemas
from server.accounts.models import User


@pytest.mark.parametrize(
    ("role", "can"),
    [
        (
            "viewer",
            {"start": False, "reveal": False, "approve": False, "stop_any": False, "admin": False, "audit": False},
        ),
        (
            "tracer",
            {"start": True, "reveal": False, "approve": False, "stop_any": False, "admin": False, "audit": False},
        ),
        ("admin", {"start": True, "reveal": True, "approve": True, "stop_any": True, "admin": True, "audit": True}),
    ],
)
def test_me_says_what_i_can(user: Callable[..., User], role: str, can: dict[str, bool]) -> None:
    assert schemas.me(user(role)) == {"username": role, "role": role, "one_time": False, "can": can}


@pytest.mark.parametrize("name", ["", "a b", "<script>", "\0", "x" * 65, "-a"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        schemas.NewUser(username=name, password="long enough secret")
