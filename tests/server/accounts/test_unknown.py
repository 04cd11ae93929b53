from __future__ import annotations

from server.accounts.models import NAME_LENGTH, User
from server.accounts.unknown import known_as


def test_a_person_is_named_in_small_letters() -> None:
    assert known_as(User(username="Ann"), "ANN") == "ann"


def test_what_nobody_is_called_is_a_digest_that_names_nobody(settings: object) -> None:
    found = known_as(None, "my password")
    assert found == known_as(None, "My Password") != known_as(None, "my passwords")
    assert "password" not in found and " " in found
    assert len(found) <= NAME_LENGTH
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]  # pytest-django's
    assert known_as(None, "my password") != found
