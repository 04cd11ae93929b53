from __future__ import annotations

from collections.abc import Callable

from server.accounts.models import ApiToken, User
from server.accounts.tokens import mint


def test_an_inactive_person_is_not_found_by_name(user: Callable[..., User]) -> None:
    person = user("viewer", "ann")
    assert User.objects.by_name("ann") == person
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert User.objects.by_name("ann") is None


def test_things_say_what_they_are(user: Callable[..., User]) -> None:
    mint(user("viewer", "ann"), "laptop")
    assert str(ApiToken.objects.get()) == "ann: laptop"
