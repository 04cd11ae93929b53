from __future__ import annotations

from collections.abc import Callable

import pytest

from server.accounts import people, sign_ins
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.errors import NotFound
from tests.server.accounts.signing_in import log_in
from tests.server.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


@pytest.fixture
def ann(user: Callable[..., User]) -> User:
    return user("viewer", "ann")


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("curl/8", "curl/8"),
        ("", "unknown"),
    ],
)
def test_a_device_is_named_as_people_call_it(agent: str, shown: str) -> None:
    assert sign_ins.device(agent) == shown


def test_one_is_ended_and_the_other_stays(ann: User) -> None:
    first, second = log_in("ann"), log_in("ann")
    found = {one.session_key: one.public_id for one in sign_ins.of(ann)}
    sign_ins.end(ann, found[str(first.session.session_key)], "::1")
    assert first.get("/api/auth/me").status_code == 401
    assert second.get("/api/auth/me").status_code == 200
    assert AuditEntry.objects.filter(action="account.sign_out", actor="ann").count() == 1


def test_nobody_ends_another_persons(ann: User, user: Callable[..., User]) -> None:
    log_in("ann")
    bob = user("viewer", "bob")
    with pytest.raises(NotFound, match="not signed in there"):
        sign_ins.end(bob, sign_ins.of(ann)[0].public_id, "::1")
    assert sign_ins.of(ann).count() == 1


def test_an_admin_ends_all(ann: User) -> None:
    browsers = [log_in("ann"), log_in("ann")]
    assert sign_ins.end_all_of("root", "ANN") == 2
    assert [browser.get("/api/auth/me").status_code for browser in browsers] == [401, 401]
    assert AuditEntry.objects.order_by("-id")[0].detail == {"user": "ann", "browsers": 2}
    with pytest.raises(NotFound, match="no user bob"):
        sign_ins.end_all_of("root", "bob")


def test_a_new_password_keeps_only_the_browser_that_sets_it(ann: User) -> None:
    here, there = log_in("ann"), log_in("ann")
    body = {"current": PASSWORD, "password": "another long secret"}
    assert here.post("/api/auth/password", body, content_type="application/json").status_code == 200
    assert here.get("/api/auth/me").status_code == 200
    assert there.get("/api/auth/me").status_code == 401
    assert sign_ins.of(ann).count() == 1


def test_who_is_made_inactive_is_signed_in_nowhere(ann: User, user: Callable[..., User]) -> None:
    user("admin", "root")
    log_in("ann")
    people.change("root", "ann", active=False, password=None)
    assert sign_ins.of(ann).count() == 0
