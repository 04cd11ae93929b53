"""The door that every question for names passes: signature, policy, record. What passes is answered by a child."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from google.protobuf.message import DecodeError

from agent.clock import wall_ns
from agent.identity import Identity
from agent.warden.audit import AuditError, HostAudit
from agent.warden.envelope import ID_SIZE, Refused, check_time, is_signed
from agent.warden.power import Power
from proto.shortform import enum_short
from proto.v1.agent_pb2 import Ask, Names, SignedAsk
from proto.v1.tool_pb2 import NameKind

CONTEXT = b"fleetscope-ask-v1\0"
SAME_SECONDS = 60.0  # one line of the record for one person, kind of name, process, beginning of a text and outcome
BEGINNING = 4  # characters
LINES_MAX = 30  # of one person in that time; one more says that there were more
BURST, PER_SECOND = 40.0, 10.0
TEXT_BYTES_MAX = 8192


@dataclass(slots=True)
class Allowance:
    """How many questions this host answers, whoever asks: a burst, then so many a second."""

    left: float = BURST
    since: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        now = time.monotonic()
        self.left = min(BURST, self.left + (now - self.since) * PER_SECOND)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class _Asked(NamedTuple):
    user: str
    kind: int
    pid: int
    begins: str
    refused: str


class Asking:
    """``answer`` takes what was let in, ``tell`` the refusals."""

    def __init__(
        self,
        identity: Identity,
        power: Power,
        audit: HostAudit,
        answer: Callable[[Ask], None],
        tell: Callable[[Names], None],
    ) -> None:
        self._identity, self._power, self._audit = identity, power, audit
        self._answer, self._tell = answer, tell
        self._allowance = Allowance()
        self._recorded: dict[_Asked, float] = {}

    def ask(self, signed: SignedAsk) -> None:
        """Answer or refuse; either way the server hears of it."""
        ask = Ask()
        try:
            if not self._allowance.take():
                raise Refused("this host is asked too much at the moment; wait a second and go on typing")
            ask = self._opened(signed)
            self._decide(ask)
        except Refused as refusal:
            self._refuse(ask.ask_id or claimed_ask(signed), str(refusal))
        else:
            self._answer(ask)

    def _opened(self, signed: SignedAsk) -> Ask:
        """Raises Refused, on record with as few words as are sure."""
        try:
            return open_ask(signed, self._identity.command_key, self._identity.host_id, wall_ns())
        except Refused as refusal:
            with suppress(AuditError):  # nothing is answered that the line would have told
                self._record(Ask(), str(refusal))
            raise

    def _decide(self, ask: Ask) -> None:
        self._power.refresh()
        reason = self._power.off_reason or self._power.policy.forbids_names(ask.kind)
        try:
            self._record(ask, reason)
        except AuditError as error:
            raise Refused(str(error)) from error
        if reason:
            raise Refused(reason)
        never = self._power.policy.never_trace  # of this host, whatever the server wrote there
        ask.never_uids[:] = never.uids
        ask.ClearField("hidden")
        if never.hidden:
            ask.hidden.CopyFrom(never.hidden)

    def _record(self, ask: Ask, refused: str) -> None:
        """On record is who looked for what, not every key; bounded, so that nobody fills the record by typing."""
        now, key = time.monotonic(), _Asked(ask.user, ask.kind, ask.pid, ask.text[:BEGINNING].lower(), refused)
        self._recorded = {known: until for known, until in self._recorded.items() if until > now}
        if key in self._recorded:
            return
        if sum(known.user == ask.user for known in self._recorded) >= LINES_MAX:
            self._record_more(ask.user, now)
            return
        kind = enum_short(NameKind.DESCRIPTOR, ask.kind) or f"unknown ({ask.kind})"
        details = {"refused": refused} if refused else {}
        self._audit.record("ask", user=ask.user, kind=kind, text=ask.text, pid=ask.pid, **details)
        self._recorded[key] = now + SAME_SECONDS

    def _record_more(self, user: str, now: float) -> None:
        key = _Asked(user, 0, 0, "", "more")
        if key not in self._recorded:
            self._audit.record("ask", user=user, kind="more", text="", pid=0)
            self._recorded[key] = now + SAME_SECONDS

    def _refuse(self, ask_id: bytes, reason: str) -> None:
        if ask_id:
            self._tell(Names(ask_id=ask_id, error=reason))


def open_ask(signed: SignedAsk, command_key: bytes, host_id: str, wall_ns: int) -> Ask:
    """Raises Refused."""
    if not is_signed(signed, command_key, CONTEXT):
        raise Refused("the question is not signed by the server that this host joined")
    try:
        ask = Ask.FromString(signed.payload)
    except DecodeError:
        raise Refused("the question cannot be decoded: server and agent differ in version") from None
    if ask.host_id != host_id or len(ask.ask_id) != ID_SIZE:
        raise Refused("the question is for another host, not this one")
    if len(signed.payload) > TEXT_BYTES_MAX or "\0" in ask.text:
        raise Refused("the question is too long or holds a NUL byte; type less")
    check_time("question", ask.not_after_wall_ns, wall_ns)
    return ask


def claimed_ask(signed: SignedAsk) -> bytes:
    """The question that something unverified speaks of, to tell its sender of the refusal; empty where it has none."""
    try:
        claimed = bytes(Ask.FromString(signed.payload).ask_id)
    except DecodeError:
        return b""
    return claimed if len(claimed) == ID_SIZE else b""
