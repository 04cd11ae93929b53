from __future__ import annotations

import pytest

from server.audit.models import AuditEntry
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.webhooks import manage, queue
from server.webhooks.models import Delivery, Webhook
from tests.server.conftest import MakeUser
from tests.server.people import grant, team

URL = "https://192.0.2.1/hook"  # RFC 5737: documentation, which nobody has


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manage, "_refuse_unreachable", lambda _: None)


def test_it_is_added_shown_once_tried_and_removed_on_the_record(user: MakeUser, anywhere: None) -> None:
    admin = user("admin")
    made, secret = manage.add(admin, team(), URL)
    assert secret.startswith("whsec_") and secret.encode() not in bytes(made.secret)
    manage.try_out(admin, team(), made.pk)
    with pytest.raises(Conflict, match="waits"):
        manage.try_out(admin, team(), made.pk)
    assert Delivery.objects.get().event == "test"
    manage.remove(admin, team(), made.pk)
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)
    with pytest.raises(NotFound, match="no such webhook"):
        manage.remove(admin, team(), made.pk)
    entries = AuditEntry.objects.filter(action="webhook.change", outcome="done").order_by("id")
    assert [entry.detail["change"] for entry in entries] == ["added", "tested", "removed"]
    assert all(secret not in str(entry.detail) for entry in AuditEntry.objects.all())


def test_an_admin_of_one_team_changes_no_others(user: MakeUser, anywhere: None) -> None:
    grant(ann := user("", "ann"), "admin", team("ours"))
    theirs = Webhook.objects.create(team=team("theirs"), url=URL, secret=b"")
    manage.add(ann, team("ours"), URL)
    for change in (
        lambda: manage.webhooks_of(ann, team("theirs")),
        lambda: manage.add(ann, team("theirs"), URL),
        lambda: manage.remove(ann, team("theirs"), theirs.pk),
        lambda: manage.try_out(ann, team("theirs"), theirs.pk),
    ):
        with pytest.raises(Forbidden):
            change()
    with pytest.raises(NotFound):
        manage.remove(ann, team("ours"), theirs.pk)


def test_an_address_inside_is_refused_at_once_and_says_what_allows_it(user: MakeUser) -> None:
    admin = user("admin")
    with pytest.raises(Conflict, match="FLEETSCOPE_WEBHOOK_NETWORKS"):
        manage.add(admin, team(), "http://169.254.169.254/latest/meta-data")
    with pytest.raises(Invalid, match="https://"):
        manage.add(admin, team(), "file:///etc/passwd")
    manage.add(admin, team(), "https://no-such-name.invalid/")  # it may have an address tomorrow
    assert Webhook.objects.count() == 1


def test_a_team_has_so_many_at_most(user: MakeUser, anywhere: None) -> None:
    admin = user("admin")
    for _ in range(manage.MOST):
        made, _ = manage.add(admin, team(), URL)
    with pytest.raises(Conflict, match="remove one first"):
        manage.add(admin, team(), URL)
    assert queue.put(made, "test", {}).webhook_id == made.pk
