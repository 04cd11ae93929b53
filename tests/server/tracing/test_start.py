from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import DatabaseError

from proto.v1.agent_pb2 import Envelope
from server import keys
from server.accounts.models import Grant, Risk, User
from server.audit.models import AuditEntry
from server.catalog.tools import find
from server.errors import ApiError, AuditUnavailable, Forbidden
from server.tracing import envelope, launch, start
from server.tracing.models import Run, Session
from server.tracing.start import Order
from tests.server.fleet.hosts import make_host


def test_a_start_is_recorded_signed_and_waits_for_its_hosts(user: Callable[..., User]) -> None:
    hosts = [make_host("web-1"), make_host("web-2")]
    order = Order(
        "opensnoop",
        hosts=["web-1", "web-2"],
        params={"failed_only": "yes"},
        filters={"pid": 42, "comm": "cat"},
        limits={"duration_ms": 5000, "budget_permille": 10},
        reason="slow disk",
    )
    session = start.start(user("tracer"), order)
    assert (session.state, session.params) == ("pending", {"failed_only": "yes", "access": "any", "folder": "false"})
    key = Ed25519PublicKey.from_public_bytes(keys.command_public(settings.ENV.keys))
    key.verify(session.signature, envelope.CONTEXT + session.envelope)
    signed = Envelope.FromString(bytes(session.envelope))
    assert (signed.user, signed.tool_digest, signed.filters.comm) == ("tracer", find("opensnoop").digest, "cat")
    assert (signed.limits.duration_ms, signed.limits.budget_permille, signed.limits.rows) == (5000, 10, 0)
    assert signed.not_after_wall_ns - signed.issued_wall_ns == 60 * 10**9
    assert {(run.host_id, run.run_id) for run in signed.runs} == {
        (str(run.host_id), run.id.bytes) for run in Run.objects.filter(host__in=hosts, state="pending", sent_at=None)
    }
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.outcome, entry.reason) == ("tracer", "session.start", "done", "slow disk")
    assert (entry.session, entry.hosts) == (session.id, ["web-1", "web-2"])
    assert entry.detail["filters"] == {"pid": 42, "comm": "cat"}
    assert {target["host"] for target in entry.detail["targets"]} == {"web-1", "web-2"}


BAD: list[tuple[Order, str]] = [
    (Order("opensnop"), "did you mean opensnoop"),
    (Order("opensnoop", params={"acces": "read"}), "acces"),
    (Order("opensnoop", params={"access": "sideways"}), "access"),
    (Order("opensnoop", filters={"comm": "sixteen-bytes-ab"}), "comm"),
    (Order("opensnoop", filters={"pid": 0}), "pid"),
    (Order("opensnoop", limits={"duration_ms": 90_000_000_000}), "duration"),
    (Order("opensnoop", hosts=["nowhere"]), "nowhere"),
]


@pytest.mark.parametrize(("order", "named"), BAD)
def test_what_cannot_start_leaves_nothing_but_its_refusal(user: Callable[..., User], order: Order, named: str) -> None:
    make_host("web-1")
    with pytest.raises(ApiError, match=named) as caught:
        start.start(user("tracer"), order)
    assert "\n" not in caught.value.message
    assert not Session.objects.exists()
    assert not Run.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.outcome, entry.detail["refusal"]) == ("refused", caught.value.message)


def test_a_viewer_starts_nothing(user: Callable[..., User]) -> None:
    make_host("web-1")
    with pytest.raises(Forbidden):
        start.start(user("viewer"), Order("opensnoop"))
    assert not Session.objects.exists()
    assert AuditEntry.objects.get().outcome == "refused"


def test_without_an_audit_nothing_starts(user: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> None:
    make_host("web-1")

    def broken(*_: object, **__: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(launch, "record", broken)
    with pytest.raises(AuditUnavailable, match="nothing was started: disk full"):
        start.start(user("tracer"), Order("opensnoop"))
    assert not Session.objects.exists()
    assert not Run.objects.exists()


def test_rows_without_redaction_need_a_right_of_their_own_and_stand_in_the_audit(user: Callable[..., User]) -> None:
    make_host("web-1")
    order = Order("opensnoop", hosts=["web-1"], reason="which key is it", reveal=True)
    tracer = user("tracer")
    Grant.objects.update(risk=Risk.S2)
    with pytest.raises(Forbidden, match=r"session\.reveal on web-1: opensnoop is of class S3, your grants go up to S2"):
        start.start(tracer, order)
    session = start.start(user("admin"), order)
    assert Envelope.FromString(bytes(session.envelope)).reveal
    told = AuditEntry.objects.filter(action="session.reveal").order_by("id").values_list("actor", "outcome", "session")
    assert list(told) == [("tracer", "refused", None), ("admin", "done", session.id)]
