"""The door for keys of ended sessions: a person whom this host's owner lists signs for them, and it is on record.

The server's signature says only that the server asks; whoever holds all its keys gets nothing here without a person's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from agent.clock import SECOND, wall_ns
from agent.identity import Identity
from agent.warden.approvals import Approvals
from agent.warden.audit import AuditError, HostAudit
from agent.warden.consent import listed_signers
from agent.warden.envelope import ID_SIZE, Refused, is_signed
from agent.warden.envelope import LIFE_MAX as SKEW_NS
from agent.warden.kept_keys import KeptKeys
from agent.warden.power import Power
from proto.opening import LIFE_MAX, OpeningText, read_opening
from proto.specification import SpecificationError
from proto.v1.agent_pb2 import DestroyedKeys, DestroyKeys, Opened, Opening, SignedOpening

CONTEXT = b"fleetscope-opening-v1\0"
PAYLOAD_MAX = 512 * 1024
DESTROYED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Own:
    """Who this host is, what its owner says, and what it writes down."""

    identity: Identity
    power: Power
    audit: HostAudit
    keys: KeptKeys


class OpeningDoor:
    """``tell`` gets one answer for each opening that can be read, ``gone`` what was destroyed."""

    def __init__(self, own: Own, tell: Callable[[Opened], None], gone: Callable[[DestroyedKeys], None]) -> None:
        self._own, self._tell, self._gone = own, tell, gone

    def open(self, signed: SignedOpening) -> None:
        """Give the key out or refuse; both are on record before the server hears of it."""
        try:
            opening, text = _read(signed, self._own.identity.command_key)
        except Refused as refusal:
            self._record("open refused", envelope=hashlib.sha256(signed.payload).hexdigest(), refused=str(refusal))
            return
        run_id = next((one.run.bytes for one in text.runs if one.host_id == self._own.identity.host_id), b"")
        answer = Opened(opening_id=text.opening.bytes, run_id=run_id)
        try:
            answer.wrapped_key = self._opened(opening, text, run_id)
        except Refused as refusal:
            self._record("open refused", **_who(text, run_id), refused=str(refusal))
            answer.error = str(refusal)
        self._tell(answer)

    def destroy(self, order: DestroyKeys) -> None:
        """What this host has not is as good as destroyed."""
        wanted = [run for run in order.run_ids[:DESTROYED_AT_ONCE] if len(run) == ID_SIZE]
        try:
            found = self._own.keys.destroy(wanted)
        except OSError as error:
            self._record("keys not destroyed", runs=[run.hex() for run in wanted], refused=str(error))
            return
        if found:
            self._record("keys destroyed", runs=[run.hex() for run in found], why="their sessions were deleted")
        self._gone(DestroyedKeys(run_ids=wanted))

    def expire(self, live: list[bytes]) -> None:
        """Destroy what the owner wants kept no longer."""
        hours = self._own.power.policy.approvals.keep_hours
        if found := self._own.keys.expire(hours, live):
            why = f"their runs ended {hours} h ago (`approvals.keep_hours`)"
            self._record("keys destroyed", runs=[run.hex() for run in found], why=why)

    def _opened(self, opening: Opening, text: OpeningText, run_id: bytes) -> bytes:
        """The run's key, wrapped. Raises Refused."""
        if not run_id:
            raise Refused("the opening is for other hosts, not for this one")
        self._own.power.refresh()
        approvals = self._own.power.policy.approvals
        _check_time(text, wall_ns() // SECOND)
        signers = _signers(opening, text, approvals)
        key = self._own.keys.get(run_id)
        if key is None:
            raise Refused("this host has no key of these rows any more: nobody can read them")
        try:
            self._own.audit.record("open", **_who(text, run_id), signers=signers, waived=not approvals.needed)
        except AuditError as error:
            raise Refused(str(error)) from error
        return _wrapped(run_id, text.key, key)

    def _record(self, event: str, **facts: object) -> None:
        try:
            self._own.audit.record(event, **facts)
        except AuditError:
            return  # nothing was given out


def _read(signed: SignedOpening, command_key: bytes) -> tuple[Opening, OpeningText]:
    """Raises Refused."""
    if len(signed.payload) > PAYLOAD_MAX:
        raise Refused(f"an opening of {len(signed.payload)} bytes is none")
    if not is_signed(signed, command_key, CONTEXT):
        raise Refused("the opening is not signed by the server that this host joined")
    try:
        opening = Opening.FromString(signed.payload)
        return opening, read_opening(opening.text)
    except (DecodeError, SpecificationError) as error:
        raise Refused(f"the opening cannot be read: {error}") from error


def _check_time(text: OpeningText, now: int) -> None:
    if now > text.expires:
        raise Refused(f"the opening expired {now - text.expires} s ago by this host's clock; ask for it anew")
    if text.requested > now + SKEW_NS // SECOND:
        raise Refused("the opening is from the future by this host's clock; compare the clocks of host and server")
    if text.expires - text.requested > LIFE_MAX:
        raise Refused(f"an opening holds for {LIFE_MAX} s at most; ask for it anew")


def _signers(opening: Opening, text: OpeningText, approvals: Approvals) -> list[tuple[str, str]]:
    """Name and key's fingerprint of everybody who signed. Raises Refused."""
    if not approvals.needed:
        return []
    if not opening.signatures:
        raise Refused("rows of risk class S3 are opened by a signature of somebody whom this host's policy lists")
    signers = listed_signers(opening.signatures, opening.text, approvals)
    if not any(person.name.casefold() == text.user.casefold() and person.request for person, _ in signers):
        raise Refused(f"{text.user}, who asks, has not signed or may not ask for plaintext by this host's policy")
    return [(person.name, key.fingerprint) for person, key in signers]


def _wrapped(run_id: bytes, recipient: bytes, key: bytes) -> bytes:
    """Raises Refused."""
    from proto.encryption import EncryptionError, wrap  # takes a megabyte, and is needed seldom

    try:
        return wrap(run_id, recipient, key)
    except EncryptionError:
        raise Refused("the key that the opening names is none") from None


def _who(text: OpeningText, run_id: bytes) -> dict[str, object]:
    return {
        "run": run_id.hex(),
        "opening": text.opening.hex,
        "session": text.session.hex,
        "user": text.user,
        "reason": text.reason,
        "tool": text.tool,
        "key": text.key.hex(),
        "hosts": len(text.runs),
    }
