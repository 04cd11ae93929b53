"""How long sessions of each risk class are kept: not deleted before a floor, deleted after a ceiling."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from server.accounts.models import Risk
from server.errors import Conflict, Invalid
from server.tracing.models import Session

MAX_HOURS = 100 * 365 * 24
DAY = 24
_SPAN = re.compile(r"(?P<name>s[0-3])=(?P<least>[0-9]{1,6}):(?P<most>[0-9]{1,6}|none)")


@dataclass(frozen=True, slots=True)
class Span:
    """Hours after a session's end. ``at_most`` None: no ceiling."""

    at_least: int = 0
    at_most: int | None = None


Spans = Mapping[str, Span]

DEFAULTS: dict[str, Span] = {
    "s0": Span(at_most=90 * DAY),
    "s1": Span(at_most=90 * DAY),
    "s2": Span(at_most=30 * DAY),
    "s3": Span(at_most=3 * DAY),
}


def parse_span(text: str) -> tuple[str, Span]:
    """``S3=0:72``. Raises ValueError."""
    found = _SPAN.fullmatch(text.lower())
    if found is None:
        raise ValueError(f"{text!r} is no risk class with two numbers of hours; give one such as S3=0:72 or S0=24:none")
    most = None if found["most"] == "none" else int(found["most"])
    return found["name"], Span(int(found["least"]), most)


def check(spans: Spans) -> None:
    """Raises Invalid."""
    for name, span in spans.items():
        if span.at_most is not None and span.at_most < max(span.at_least, 1):
            raise Invalid(
                f"class {name.upper()} is to be kept at least {span.at_least} and at most {span.at_most} hours; "
                "raise the one or lower the other",
                field=name,
            )


def of_class(name: str) -> Q:
    return Q(risk=Risk[name.upper()])


def kept_until(session: Session, spans: Spans) -> datetime.datetime | None:
    """Before then nobody deletes it; None: it may go."""
    span = spans.get(_class_of(session))
    if span is None or not span.at_least or session.ended_at is None:
        return None
    until = session.ended_at + datetime.timedelta(hours=span.at_least)
    return until if until > timezone.now() else None


def require_deletable(session: Session, spans: Spans) -> None:
    """Raises Conflict."""
    until = kept_until(session, spans)
    if until is not None:
        raise Conflict(
            f"sessions of risk class {_class_of(session).upper()} are kept at least "
            f"{spans[_class_of(session)].at_least} hours: delete it after {until:%Y-%m-%d %H:%M} UTC"
        )


def _class_of(session: Session) -> str:
    return f"s{session.risk}"
