"""What a server sends that this agent has no door for, such as a program, a policy or an update: nothing is done."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from google.protobuf.unknown_fields import UnknownFieldSet

from agent.warden.audit import AuditError, HostAudit

if TYPE_CHECKING:
    from proto.v1.agent_pb2 import ServerMessage

log = logging.getLogger(__name__)

SAME_SECONDS = 3600.0  # one line of the record for each kind
KINDS_MAX = 30  # in that time: nobody fills the record with them
FIELDS_MAX = 8


class Strange:
    """On record by the numbers of the fields that it came in. A newer server may have such messages."""

    def __init__(self, audit: HostAudit) -> None:
        self._audit = audit
        self._told: dict[tuple[int, ...], float] = {}

    def heard(self, message: ServerMessage) -> None:
        now = time.monotonic()
        found = UnknownFieldSet(message)
        fields = tuple(sorted({found[place].field_number for place in range(len(found))})[:FIELDS_MAX])
        self._told = {known: until for known, until in self._told.items() if until > now}
        if fields in self._told or len(self._told) >= KINDS_MAX:
            return
        self._told[fields] = now + SAME_SECONDS
        why = "this agent knows no such message; it does nothing with it"
        log.warning("the server sent fields %s: %s", list(fields), why)
        try:
            self._audit.record("message refused", fields=list(fields), bytes=message.ByteSize(), refused=why)
        except AuditError:
            return  # nothing was done that the line would have told
