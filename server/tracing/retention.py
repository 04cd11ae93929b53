"""Delete what is older or larger than is to be kept, and stop what runs when the quota is used up."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.db.models import QuerySet

from proto.v1.stream_pb2 import EndCause
from server.tracing import lifecycle
from server.tracing.ended_by import SERVER
from server.tracing.keeping import kept_until, of_class
from server.tracing.models import Run, Session, SessionState
from server.tracing.quantities import bytes_text
from server.tracing.removal import finish, remove
from server.tracing.segments import segment_store
from server.tracing.storage import Bounds, bounds, ceilings_since, full_text, stored

ACTION = "session.expire"
ACTOR = "retention"


def sweep(now: datetime.datetime) -> int:
    """How many sessions were deleted. Safe to be called by several processes at once."""
    finish(now)
    wanted = bounds()
    deleted = sum(_expire(session, wanted, why) for session, why in _too_old(wanted, now))
    deleted += sum(_expire(session, wanted, why) for session, why in _too_much(wanted))
    if wanted.quota_bytes is not None:
        _stop_when_full(wanted.quota_bytes)
    return deleted


def _ended() -> QuerySet[Session]:
    """Oldest first."""
    ended = Session.objects.filter(state=SessionState.ENDED, ended_at__isnull=False)
    return ended.defer("envelope", "signature").order_by("ended_at", "pk")


def _too_old(wanted: Bounds, now: datetime.datetime) -> Iterator[tuple[Session, str]]:
    if wanted.keep_days is not None:
        before = now - datetime.timedelta(days=wanted.keep_days)
        for session in _ended().filter(ended_at__lt=before):
            yield session, f"it ended more than {wanted.keep_days} days ago"
    since = ceilings_since()
    for name, span in wanted.classes.items():
        if span.at_most is not None:
            before = now - datetime.timedelta(hours=span.at_most)
            if since is not None and before <= since:
                continue
            for session in _ended().filter(of_class(name), ended_at__lt=before):
                yield session, f"risk class {name.upper()} is kept {span.at_most} hours, and it ended before"


def _too_much(wanted: Bounds) -> Iterator[tuple[Session, str]]:
    if wanted.keep_bytes is None:
        return
    sizes = segment_store().usage.sessions()
    used = sum(sizes.values())
    if used <= wanted.keep_bytes:
        return
    for session in _ended():
        if used <= wanted.keep_bytes:
            return
        if kept_until(session, wanted.classes) is not None:
            continue
        if size := sizes.get(session.pk, 0):
            yield session, f"sessions took more than {bytes_text(wanted.keep_bytes)}"
            used -= size


def _expire(session: Session, wanted: Bounds, why: str) -> bool:
    if kept_until(session, wanted.classes) is not None:
        return False
    return remove(session, ACTION, ACTOR, {"why": why, "bytes": segment_store().usage.of(session.pk)})


def _stop_when_full(quota: int) -> None:
    used = stored().used_bytes
    if used < quota:
        return
    message = f"{full_text(used, quota)}; delete sessions or raise the quota, then start again"
    running = lifecycle.open_runs().filter(stop_cause="").select_related("host")
    by_session: dict[object, list[Run]] = {}
    for run in running:
        by_session.setdefault(run.session_id, []).append(run)
    for runs in by_session.values():
        lifecycle.stop(runs[0].session_id, runs, EndCause.END_CAUSE_STORE_FULL, message, SERVER)
