"""Everything that reads what somebody else wrote, each with what an honest writer gives it and the errors it may raise.

The frames and messages of a host are in `take_mutated.py`.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from google.protobuf.message import DecodeError

from agent import identity
from agent.config import AgentPaths
from agent.link import enrol
from agent.link.spool_reader import SpoolDamaged, SpoolReader
from agent.warden import policy, renewal, witness
from agent.warden.audit import AuditError, HostAudit
from bpf.catalog import ROOT
from proto import checkpoint, frame, host_log, listing, opening, signatures, specification, trust
from proto.encryption import EncryptionError, decrypt, unwrap
from proto.v1.agent_pb2 import AgentMessage, EnrollReply, PersonSignature, RenewalOrder, SignedTrust
from proto.v1.stream_pb2 import END_CAUSE_DURATION, Listing
from server import pki
from server.tracing.store import SegmentStore
from server.tracing.store.layout import RunFolder
from tests.agent.support.consent import ADA, BOB, POLICY, agreed
from tests.agent.support.heads import Log
from tests.agent.support.pki import Authority, pem
from tests.faults.mutated import mutated
from tests.proto.test_opening import TEXT
from tests.server.tracing.rows import SCHEMA, EncryptedFrames, Frames
from tests.signers import ORIGIN, RP_ID

RUN = b"r" * 16
SESSION = UUID(int=1)
Change = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Decoder:
    """``take`` raises one of ``refusals`` for whatever is not in order; what it takes need not be what was meant."""

    honest: list[bytes]
    take: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()
    change: Change = field(default=mutated)


def _text(raw: bytes) -> str:
    """As it comes out of a protobuf message."""
    return raw.decode(errors="replace")


def _checkpoint(_: Path) -> Decoder:
    log = Log()
    notes = [log.note(size).encode() for size in (1, 5, 12)]
    return Decoder(notes, lambda raw: checkpoint.opened(_text(raw), log.public), (checkpoint.CheckpointError,))


def _terms(_: Path) -> Decoder:
    payload = agreed("host").consent.specification
    return Decoder([payload], specification.read_terms, (specification.SpecificationError,))


def _opening(_: Path) -> Decoder:
    return Decoder([opening.opening_text(TEXT)], opening.read_opening, (specification.SpecificationError,))


def _keys(_: Path) -> Decoder:
    lines = [ADA.line.encode(), BOB.line.encode()]
    return Decoder(lines, lambda raw: signatures.parse_key(_text(raw)), (signatures.KeyFormatError,))


def _signatures(_: Path) -> Decoder:
    keys = [signatures.parse_key(signer.line) for signer in (ADA, BOB)]
    site = signatures.Site(RP_ID, ORIGIN)

    def take(raw: bytes) -> None:
        signatures.signed_by(PersonSignature.FromString(raw), b"text", keys, site)

    made = [signer.sign(b"text").SerializeToString() for signer in (ADA, BOB)]
    return Decoder(made, take, (DecodeError, signatures.SignatureError))


def _trust(_: Path) -> Decoder:
    """Also lists that an authority did sign."""
    authority, other = Authority(), Authority()
    known: list[x509.Certificate] = [authority.certificate]
    signed = trust.sign(trust.Trust(2, (authority.certificate, other.certificate)), [authority.key])

    def take(raw: bytes) -> None:
        claimed = SignedTrust.FromString(raw)
        trust.opened(_signed_anew(claimed.payload, authority), known)
        trust.opened(claimed, known)

    return Decoder([signed.SerializeToString()], take, (DecodeError, trust.TrustError))


def _signed_anew(payload: bytes, authority: Authority) -> SignedTrust:
    domain, algorithm = trust._DOMAIN, trust._ALGORITHM
    return SignedTrust(payload=payload, signatures=[authority.key.sign(domain + payload, algorithm)])


def _request(_: Path) -> Decoder:
    authority, key = Authority(), ec.generate_private_key(ec.SECP256R1())
    honest = renewal._request("host", key)

    def take(raw: bytes) -> None:
        pki.host_certificate(raw, "host", authority.key, authority.certificate)

    return Decoder([honest], take, (pki.CsrError,), _changed_pem)


def _certificate(folder: Path) -> Decoder:
    """What the server, or the link in its name, says is this host's new certificate."""
    authority = Authority()
    own = authority.identity("localhost:1")
    identity.save(folder / "identity", own)
    said: list[AgentMessage] = []
    record = HostAudit(folder / "audit.log")
    door = renewal.Renewal(folder / "identity", own, record, renewal.Mouths(said.append, lambda _: None))

    def take(raw: bytes) -> None:
        door.ordered(RenewalOrder())
        door.issued(raw)

    return Decoder([own.certificate_pem], take, (), _changed_pem)


def _enrolled(_: Path) -> Decoder:
    """The answer to a joining host."""
    authority, key = Authority(), ec.generate_private_key(ec.SECP256R1())
    issued = authority.sign(renewal._request("host", key), "host")
    pinned = trust.fingerprint(authority.certificate)

    def take(raw: bytes) -> None:
        reply = EnrollReply(host_id="h", certificate_pem=raw, ca_pem=pem(authority.certificate), command_key=b"k" * 32)
        enrol._check(reply, key, pinned)

    return Decoder([issued], take, (enrol.JoinError,), _changed_pem)


def _changed_pem(raw: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """Mostly changed inside."""
    if chance.random() < 0.2:
        return mutated(raw, chance)
    first, *middle, last = raw.decode().split("\n")[:-1]
    body = base64.encodebytes(mutated(base64.b64decode("".join(middle)), chance)).decode()
    return f"{first}\n{body}{last}\n".encode()


def _listing(_: Path) -> Decoder:
    return Decoder([listing.pack(_some_listing())], listing.unpack, (listing.ListingError,))


def _some_listing() -> Listing:
    made = Listing()
    texts = [one for one in made.DESCRIPTOR.fields if one.cpp_type == one.CPPTYPE_STRING and not one.is_repeated]
    for one in texts:
        setattr(made, one.name, "mov r0, 0\n" * 400)
    return made


def _host_log(_: Path) -> Decoder:
    last, lines = host_log.GENESIS, b""
    for number in range(1, 6):
        last, line = host_log.line_of(last, {"n": number, "event": "start", "user": "ada"})
        lines += line
    return Decoder([lines], lambda raw: list(host_log.entries(raw.splitlines(True))), (host_log.HostLogError,))


def _audit(folder: Path) -> Decoder:
    """A host's record that it goes on with after a start."""
    path = folder / "audit.log"
    HostAudit(path).record("start", user="ada")
    HostAudit(path).record("end", user="ada")

    def take(raw: bytes) -> None:
        path.write_bytes(raw)
        HostAudit(path).record("start", user="bob")

    return Decoder([path.read_bytes()], take, (AuditError,))


def _witness(folder: Path) -> Decoder:
    log, paths = Log(), AgentPaths(folder, folder / "policy.toml")
    held = witness.Witness(paths, HostAudit(paths.audit), lambda _: None)
    held.offered(log.head(5))

    def take(raw: bytes) -> None:
        paths.witness.write_bytes(raw)
        witness.load(paths.witness)

    return Decoder([paths.witness.read_bytes()], take)


def _policy(folder: Path) -> Decoder:
    path = folder / "policy.toml"
    example = (ROOT.parent / "packaging/policy.toml").read_bytes()
    full = b"""
remote = "on"
risk = ["S0", "S1"]
[tools]
deny = ["memleak"]
[names]
deny = ["library"]
[numbers]
allow = ["/opt/app/*:*"]
[limits]
duration_seconds = 60
budget_percent = 2.5
[never_trace]
uids = [1000]
cgroups = ["/secret"]
binaries = ["/usr/bin/gpg"]
[redaction]
off = ["card"]
reveal = false
[redaction.patterns]
ticket = 'T-[0-9]+'
"""

    def take(raw: bytes) -> None:
        path.write_bytes(raw)
        path.chmod(0o644)
        policy.load_policy(path)

    return Decoder([example, full, POLICY.encode()], take, (policy.PolicyError,), _changed_toml)


def _changed_toml(raw: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Half of them still TOML: a value of another kind or size where the honest one was."""
    if chance.random() < 0.5:
        return mutated(raw, chance, others)
    lines = raw.decode().splitlines()
    known = [place for place, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    if known:
        place = chance.choice(known)
        lines[place] = f"{lines[place].partition(' = ')[0]} = {chance.choice(_VALUES)}"
    return "\n".join(lines).encode()


_VALUES = (
    *(
        "0",
        "-1",
        "1e400",
        "nan",
        "inf",
        "9" * 400,
        "0x" + "f" * 30,
        "true",
        '""',
        '"x"',
        '"\\u0000"',
        "[]",
        "[[]]",
        "{}",
    ),
    *(
        "[1]",
        '["x"]',
        "{a = 1}",
        "1979-05-27T07:32:00Z",
        "07:32:00",
        '["("]',
        '{a = "("}',
        '{a = "(a*)*b"}',
        '["/a:("]',
    ),
    *(
        '["*:*"]',
        '["/\\ud7ff"]',
        '["/a\\n:b"]',
        "[{a = 1}]",
        "[true]",
        "[1.5]",
        '{"" = "x"}',
        '["/" ]',
        "18446744073709551616",
    ),
)


def _spool(folder: Path) -> Decoder:
    made = Frames()
    raw = b"".join([made.rows_of(3), made.rows_of(200), made.rows_of(1), made.end(END_CAUSE_DURATION)])
    path = folder / "000000000001.frames"

    def take(raw: bytes) -> None:
        path.write_bytes(raw)
        reader = SpoolReader(folder)
        for _ in range(100):
            try:
                if reader.read() is None:
                    break
            except SpoolDamaged:
                reader.give_up()
        reader.close()

    return Decoder([raw], take)


def _segment(folder: Path) -> Decoder:
    """What the server reads of its own disk: it tells of damage, and serves the rest."""
    made, run = Frames(), UUID(int=2)
    store = SegmentStore(folder)
    store.pin(SESSION, run, SCHEMA)
    store.append(SESSION, run, [made.rows_of(3), made.rows_of(200), made.rows_of(1), made.end(END_CAUSE_DURATION)])
    path = RunFolder.of(folder, SESSION, run).segments()[0].path

    def take(raw: bytes) -> None:
        path.write_bytes(raw)
        fresh = SegmentStore(folder)
        fresh.index(SESSION, run)
        for batch in fresh.read(SESSION, run):
            _ = batch.seq

    return Decoder([path.read_bytes()], take)


def _encrypted(_: Path) -> Decoder:
    private = X25519PrivateKey.generate()
    made = EncryptedFrames(RUN, private.public_key().public_bytes_raw())
    whole = made.rows_of(20)

    def take(raw: bytes) -> None:
        found = frame.decode(raw)
        key = unwrap(private, found.head.run_id, made.schema.encryption.wrapped_key)
        decrypt(key, found.head, made.schema.streams[0], found.body)

    return Decoder([whole], take, (frame.FrameError, EncryptionError), _frame_with_changes)


def _frame_with_changes(raw: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """With a checksum that is right."""
    whole = frame.decode(raw)
    if chance.random() < 0.5:
        return frame.encode(whole.head, mutated(whole.body, chance))
    try:
        head = type(whole.head).FromString(mutated(whole.head.SerializeToString(), chance))
        return frame.encode(head, whole.body)
    except (DecodeError, frame.FrameError):
        return raw[:-1]


DECODERS: dict[str, Callable[[Path], Decoder]] = {
    "the head of an audit": _checkpoint,
    "the terms that people sign": _terms,
    "the text of an opening": _opening,
    "a person's key": _keys,
    "a person's signature": _signatures,
    "a list of authorities": _trust,
    "a request for a certificate": _request,
    "a certificate": _certificate,
    "the answer to a joining host": _enrolled,
    "a listing of programs": _listing,
    "a host's record, exported": _host_log,
    "a host's record, continued": _audit,
    "the head that a host held": _witness,
    "a host's policy": _policy,
    "a spool": _spool,
    "an open segment": _segment,
    "an encrypted frame": _encrypted,
}
