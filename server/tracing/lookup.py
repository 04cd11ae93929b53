"""Finding a session by its id or an unambiguous beginning of it."""

from __future__ import annotations

import re
import uuid

from server.errors import Invalid, NotFound
from server.tracing.models import Session

MIN_PREFIX = 8
_HEX = re.compile(r"[0-9a-f]{1,32}")


def session_by(text: str) -> Session:
    """Raises NotFound or Invalid."""
    digits = text.lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        raise NotFound(f"{text[:64]!r} is no session id; `fleetscope sessions` lists them")
    if len(digits) < MIN_PREFIX:
        raise Invalid(f"{text!r} is too short: give at least the first {MIN_PREFIX} characters of the session's id")
    first = uuid.UUID(hex=digits.ljust(32, "0"))
    last = uuid.UUID(hex=digits.ljust(32, "f"))
    named = Session.objects.select_related("created_by").defer("envelope", "signature")
    found = list(named.filter(id__gte=first, id__lte=last)[:2])
    if not found:
        raise NotFound(f"there is no session {text[:64]}; `fleetscope sessions` lists them")
    if len(found) > 1:
        raise Invalid(f"several sessions begin with {text}; give more of the id")
    return found[0]
