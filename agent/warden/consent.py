"""Did people agree to this very start? Their signatures are checked against the keys that this host's owner lists:
whoever holds the server and all its keys still cannot make one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.clock import SECOND
from agent.warden.approvals import Approvals, Person
from agent.warden.envelope import LIFE_MAX, Refused
from proto.signatures import PersonKey, SignatureError, signed_by
from proto.specification import SpecificationError, Terms, differences, read_terms, specification
from proto.v1.agent_pb2 import Consent, Envelope, PersonSignature

SIGNATURES_MAX = 16


@dataclass(frozen=True, slots=True)
class Agreed:
    """Who signed, for the host's own record. ``waived``: the host's owner asks nobody."""

    waived: bool = False
    break_glass: bool = False
    signers: tuple[tuple[str, str, str], ...] = ()  # name, "requester" or "approver", fingerprint of the key

    @property
    def approvers(self) -> list[str]:
        return [name for name, part, _ in self.signers if part == "approver"]


class Signed(NamedTuple):
    person: Person
    key: PersonKey


def check_consent(envelope: Envelope, approvals: Approvals, wall_ns: int) -> Agreed:
    """For a start of risk S3. Raises Refused."""
    if not approvals.needed:
        return Agreed(waived=True)
    consent = envelope.consent
    if not consent.specification:
        raise Refused(
            f"{envelope.tool} would show plaintext (S3), and this host wants that signed by whoever asks and by "
            f"{_people(approvals.needed)} more; ask for approval and sign it"
        )
    terms = _terms(envelope, consent)
    _check_time(terms, approvals, wall_ns // SECOND)
    signed = listed_signers(consent.signatures, consent.specification, approvals)
    requester = _requester(envelope, signed, break_glass=terms.break_glass)
    others = [] if terms.break_glass else _approvers(signed, requester.person, approvals.needed)
    found = [(requester, "requester"), *((one, "approver") for one in others)]
    signers = tuple((one.person.name, part, one.key.fingerprint) for one, part in found)
    return Agreed(break_glass=terms.break_glass, signers=signers)


def _terms(envelope: Envelope, consent: Consent) -> Terms:
    """Field by field: the same bytes come out of the envelope."""
    try:
        terms = read_terms(consent.specification)
        sent = specification(envelope, terms)
        if sent != consent.specification:
            changed = ", ".join(differences(consent.specification, sent))
            raise Refused(f"people signed something else than what was sent: {changed} differ; ask for approval anew")
    except (SpecificationError, UnicodeEncodeError) as error:
        raise Refused(f"what people signed cannot be read: {error}") from error
    return terms


def _check_time(terms: Terms, approvals: Approvals, now: int) -> None:
    if now > terms.expires:
        raise Refused(f"the approval expired {now - terms.expires} s ago by this host's clock; ask for it anew")
    if terms.requested > now + LIFE_MAX // SECOND:
        raise Refused("the request is from the future by this host's clock; compare the clocks of host and server")
    if terms.expires - terms.requested > approvals.hours * 3600:
        raise Refused(
            f"the request holds for {(terms.expires - terms.requested) / 3600:.1f} h, and this host's policy allows "
            f"{approvals.hours} (`approvals.hours`); ask for a shorter one"
        )


def listed_signers(signatures: Sequence[PersonSignature], payload: bytes, approvals: Approvals) -> list[Signed]:
    """Every signature must stand: one that does not is a sign of something wrong, not of one signature less. Raises
    Refused."""
    if len(signatures) > SIGNATURES_MAX:
        raise Refused(f"{len(signatures)} signatures are more than the {SIGNATURES_MAX} that this host reads")
    owners = {key: person for person in approvals.people.values() for key in (*person.keys, *person.break_glass)}
    found = []
    for number, signature in enumerate(signatures, 1):
        try:
            key = signed_by(signature, payload, owners, approvals.site)
        except SignatureError as error:
            raise Refused(f"signature {number} does not count on this host: {error}") from error
        found.append(Signed(owners[key], key))
    return found


def _requester(envelope: Envelope, signed: list[Signed], *, break_glass: bool) -> Signed:
    own = [one for one in signed if one.person.name.casefold() == envelope.user.casefold()]
    if not own:
        raise Refused(f"{envelope.user}, who asks, has not signed with a key that this host's policy lists for them")
    if break_glass:
        glass = [one for one in own if one.key in one.person.break_glass]
        if not glass:
            raise Refused(f"this host's policy lists no break_glass key of {envelope.user} that signed this")
        return glass[0]
    ordinary = [one for one in own if one.person.request and one.key in one.person.keys]
    if not ordinary:
        raise Refused(f"this host's policy does not let {envelope.user} ask for plaintext with that key")
    return ordinary[0]


def _approvers(signed: list[Signed], requester: Person, needed: int) -> list[Signed]:
    others = {
        one.person.name: one
        for one in signed
        if one.person.name != requester.name and one.person.approve and one.key in one.person.keys
    }
    if len(others) < needed:
        names = ", ".join(sorted(others)) or "nobody"
        raise Refused(
            f"{_people(needed)} besides {requester.name} must have signed who may approve on this host; signed: {names}"
        )
    return list(others.values())


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
