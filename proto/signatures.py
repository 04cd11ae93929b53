"""Signatures of people on a specification: by an ssh key, as ``ssh-keygen -Y sign`` makes them, or by a passkey.

A key is written as one line: ``ssh-ed25519 BASE64 [comment]`` as in a ``.pub`` file, or ``passkey BASE64`` with the
public key as a browser gives it (SubjectPublicKeyInfo; P-256 or Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from proto.specification import NAMESPACE, challenge
from proto.v1.agent_pb2 import Assertion, PersonSignature

SSH = "ssh-ed25519"
PASSKEY = "passkey"
SIGNATURE_MAX = 8192
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_PRESENT, _VERIFIED = 0x01, 0x04  # flags of authenticator data: a person touched it, and proved to be its owner


class KeyFormatError(ValueError):
    """The line is no key. One line that says what to write."""


class SignatureError(ValueError):
    """The signature does not stand. One line that says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys belong: a page of another origin cannot have used them."""

    rp_id: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class PersonKey:
    """``blob``: of ssh keys the wire form, of passkeys the SubjectPublicKeyInfo."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """As `parse_key` reads it."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


def parse_key(line: str) -> PersonKey:
    """Raises KeyFormatError."""
    kind, _, rest = line.strip().partition(" ")
    if kind not in (SSH, PASSKEY):
        raise KeyFormatError(f"{line[:40]!r} is no key: write `{SSH} BASE64` or `{PASSKEY} BASE64`")
    try:
        key = PersonKey(kind, base64.b64decode(rest.split(" ")[0], validate=True))
        _public(key)
    except (binascii.Error, ValueError, struct.error, UnsupportedAlgorithm, SignatureError) as error:
        raise KeyFormatError(f"{line[:40]!r}... cannot be read as a key: {error or 'cut short'}") from error
    return key


def signed_by(signature: PersonSignature, payload: bytes, keys: Iterable[PersonKey], site: Site) -> PersonKey:
    """Which of the keys signed these bytes. Raises SignatureError."""
    if signature.ByteSize() > SIGNATURE_MAX:
        raise SignatureError(f"a signature of {signature.ByteSize()} bytes is none")
    if signature.HasField("passkey"):
        return _passkey(signature.passkey, payload, [key for key in keys if key.kind == PASSKEY], site)
    key = ssh_key(signature.ssh)
    if key not in set(keys):
        raise SignatureError(f"the key {key.fingerprint} is not known")
    verify_ssh(signature.ssh, payload)
    return key


def ssh_key(sshsig: bytes) -> PersonKey:
    """The key that an SSHSIG says it is of. Raises SignatureError."""
    return PersonKey(SSH, _parts(sshsig)[0])


def verify_ssh(sshsig: bytes, payload: bytes) -> None:
    """That the key named in it signed the payload as consent. Raises SignatureError."""
    blob, namespace, reserved, algorithm, signature = _parts(sshsig)
    if namespace != NAMESPACE.encode():
        raise SignatureError(f"it was made for {namespace[:60]!r}, not for {NAMESPACE}; sign with -n {NAMESPACE}")
    if algorithm not in _HASHES:
        raise SignatureError(f"its hash {algorithm[:20]!r} is neither sha256 nor sha512")
    kind, raw = _strings(signature, 2)
    if kind != SSH.encode():
        raise SignatureError(f"its kind {kind[:30]!r} is not {SSH}")
    digest = _HASHES[algorithm](payload).digest()
    signed = b"SSHSIG" + b"".join(struct.pack(">I", len(p)) + p for p in (namespace, reserved, algorithm, digest))
    _check(PersonKey(SSH, blob), raw, signed)


def _passkey(assertion: Assertion, payload: bytes, keys: list[PersonKey], site: Site) -> PersonKey:
    _check_client(assertion.client_data, payload, site)
    _check_authenticator(assertion.authenticator_data, site)
    signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    for key in keys:
        try:
            _check(key, assertion.signature, signed)
        except SignatureError:
            continue
        return key
    raise SignatureError("no known passkey made it")


def _check_client(client_data: bytes, payload: bytes, site: Site) -> None:
    try:
        client = json.loads(client_data)
        kind, origin, asked = client["type"], client["origin"], client["challenge"]
        foreign = bool(client.get("crossOrigin", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SignatureError("its client data cannot be read") from None
    if kind != "webauthn.get" or foreign:
        raise SignatureError("it is no answer of a passkey to the page itself")
    if origin != site.origin:
        raise SignatureError(f"it was made on {_shown(origin)}, not on {site.origin or 'an accepted origin'}")
    if asked != base64.urlsafe_b64encode(challenge(payload)).decode().rstrip("="):
        raise SignatureError("it was made for another specification")


def _shown(value: object) -> str:
    """JSON knows texts that no message can carry."""
    return str(value)[:100].encode(errors="backslashreplace").decode()


def _check_authenticator(data: bytes, site: Site) -> None:
    if len(data) < 37 or data[:32] != hashlib.sha256(site.rp_id.encode()).digest():
        raise SignatureError(f"its passkey belongs to another site than {site.rp_id}")
    if data[32] & (_PRESENT | _VERIFIED) != _PRESENT | _VERIFIED:
        raise SignatureError("the passkey did not verify its owner, by finger, face or PIN")


def _check(key: PersonKey, signature: bytes, signed: bytes) -> None:
    public = _public(key)
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(signature, signed)
        else:
            public.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        raise SignatureError("it does not fit the specification: something was changed after signing") from None


def _public(key: PersonKey) -> Ed25519PublicKey | EllipticCurvePublicKey:
    if key.kind == SSH:
        kind, raw = _strings(key.blob, 2)
        if kind != SSH.encode():
            raise SignatureError(f"its key is no {SSH} key; other kinds are not accepted")
        return Ed25519PublicKey.from_public_bytes(raw)
    public = load_der_public_key(key.blob)
    if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
        return public
    if isinstance(public, Ed25519PublicKey):
        return public
    raise SignatureError("its passkey is neither P-256 nor Ed25519")


def _parts(sshsig: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    if sshsig[:10] != b"SSHSIG" + struct.pack(">I", 1):
        raise SignatureError("it is no signature of ssh-keygen -Y sign")
    blob, namespace, reserved, algorithm, signature = _strings(sshsig[10:], 5)
    return blob, namespace, reserved, algorithm, signature


def _strings(data: bytes, count: int) -> list[bytes]:
    found = list(_walk(data))
    if len(found) != count:
        raise SignatureError("it is cut short or has something added")
    return found


def _walk(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4])
        if at + 4 > len(data) or end > len(data):
            raise SignatureError("it is cut short")
        yield data[at + 4 : end]
        at = end
