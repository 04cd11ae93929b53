"""Whether somebody who looks at a session may go on looking."""

from __future__ import annotations

from uuid import UUID

from server.accounts import standing
from server.accounts.policy import Action, decide
from server.accounts.standing import Entrance
from server.tracing.models import Session
from server.tracing.rights import about


def lost(entrance: Entrance, session: UUID, action: Action = Action.SESSION_VIEW) -> str:
    """Why this reader may no longer look, or export; empty while they may."""
    out = standing.lost(entrance)
    if out:
        return out
    found = Session.objects.select_related("team").defer("envelope", "signature").filter(pk=session).first()
    if found is None:
        return "the session was deleted"
    actor = standing.current(entrance)
    decision = decide(actor, action, about(found, actor))
    return "" if decision.allowed else decision.reason
