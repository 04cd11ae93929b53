from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from server.errors import Conflict, Invalid
from server.tracing.keeping import DEFAULTS, Span, check, of_class, parse_span, require_deletable
from server.tracing.models import Session

HOUR = datetime.timedelta(hours=1)


def ended(hours_ago: float, risk: int = 3, tool: str = "sslsniff") -> Session:
    return Session(tool=tool, risk=risk, team_id=1, ended_at=timezone.now() - hours_ago * HOUR)


def test_a_session_is_not_deleted_before_its_floor() -> None:
    spans = DEFAULTS | {"s3": Span(at_least=24, at_most=72)}
    require_deletable(ended(25), spans)
    require_deletable(ended(1, risk=1), spans)
    with pytest.raises(Conflict, match="risk class S3 are kept at least 24 hours: delete it after 20"):
        require_deletable(ended(23), spans)


@pytest.mark.django_db
def test_the_classes_do_not_overlap() -> None:
    assert [Session.objects.filter(of_class(name)).count() for name in DEFAULTS] == [0, 0, 0, 0]


def test_a_ceiling_stands_above_its_floor() -> None:
    check({"s1": Span(5, 5), "s2": Span(5, None)})
    for span in (Span(5, 4), Span(0, 0)):
        with pytest.raises(Invalid, match="class S1 is to be kept at least"):
            check({"s1": span})


def test_spans_are_written_as_two_numbers() -> None:
    assert parse_span("S3=0:72") == ("s3", Span(0, 72))
    assert parse_span("s0=24:none") == ("s0", Span(24, None))
    for text in ("s4=0:1", "s3", "s3=1", "s3=-1:4", "s3=a:b", ""):
        with pytest.raises(ValueError, match="no risk class with two numbers"):
            parse_span(text)
