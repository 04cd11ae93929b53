from __future__ import annotations

import datetime

from django.utils import timezone

from server.consent.models import OPEN, Request, RequestState


def test_only_what_waits_or_is_approved_is_open() -> None:
    assert set(OPEN) == {RequestState.WAITING, RequestState.APPROVED}


def test_a_review_is_due_after_break_glass_has_started_until_somebody_wrote_one() -> None:
    past = timezone.now() - datetime.timedelta(seconds=1)
    assert Request(expires_at=past).expired
    assert Request(break_glass=True, state=RequestState.STARTED).review_due
    assert not Request(break_glass=True, state=RequestState.APPROVED).review_due
    assert not Request(break_glass=False, state=RequestState.STARTED).review_due
    assert not Request(break_glass=True, state=RequestState.STARTED, reviewed_by_id=1).review_due
