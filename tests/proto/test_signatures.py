from __future__ import annotations

import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from proto.signatures import KeyFormatError, SignatureError, Site, parse_key, signed_by, verify_ssh
from proto.specification import NAMESPACE
from proto.v1.agent_pb2 import PersonSignature
from tests.signers import ORIGIN, RP_ID, PasskeySigner, SshSigner

PAYLOAD = b"what will run\n"
SITE = Site(RP_ID, ORIGIN)
SSH, P256, ED = SshSigner(), PasskeySigner(), PasskeySigner(ed25519.Ed25519PrivateKey.generate())
KEYS = [parse_key(signer.line) for signer in (SSH, P256, ED)]


@pytest.mark.parametrize(("signer", "key"), list(zip((SSH, P256, ED), KEYS, strict=True)))
def test_a_signature_says_whose_it_is(signer: SshSigner | PasskeySigner, key: object) -> None:
    assert signed_by(signer.sign(PAYLOAD), PAYLOAD, KEYS, SITE) == key
    with pytest.raises(SignatureError):
        signed_by(signer.sign(PAYLOAD), PAYLOAD + b" ", KEYS, SITE)
    with pytest.raises(SignatureError, match=r"not known|no known"):
        signed_by(signer.sign(PAYLOAD), PAYLOAD, [other for other in KEYS if other != key], SITE)


def test_what_ssh_keygen_signs_stands_and_the_fingerprint_is_the_one_it_prints(tmp_path: Path) -> None:
    private = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", private], check=True)
    key = parse_key((tmp_path / "key.pub").read_text())
    done = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-n", NAMESPACE, "-f", private],
        input=PAYLOAD, capture_output=True, check=True,
    )  # fmt: skip
    made = PersonSignature(ssh=b64decode(b"".join(done.stdout.splitlines()[1:-1])))
    assert signed_by(made, PAYLOAD, [key], SITE) == key
    listed = subprocess.run(["ssh-keygen", "-l", "-f", private], capture_output=True, check=True).stdout.decode()
    assert key.fingerprint in listed


def test_a_signature_for_another_purpose_does_not_count() -> None:
    with pytest.raises(SignatureError, match="made for b'git'"):
        verify_ssh(SSH.sign(PAYLOAD, namespace="git").ssh, PAYLOAD)


@pytest.mark.parametrize("at", range(0, len(SSH.sign(PAYLOAD).ssh), 7))
def test_no_byte_of_an_ssh_signature_may_change_or_be_missing(at: int) -> None:
    good = SSH.sign(PAYLOAD).ssh
    for bad in (good[:at], good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], good + b"\0"):
        with pytest.raises(SignatureError):
            signed_by(PersonSignature(ssh=bad), PAYLOAD, KEYS, SITE)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rp_id": "evil.test"}, "belongs to another site"),
        ({"origin": "https://evil.test"}, "was made on https://evil.test"),
        ({"type": "webauthn.create"}, "no answer of a passkey"),
        ({"crossOrigin": True}, "no answer of a passkey"),
        ({"flags": 1}, "did not verify its owner"),
        ({"flags": 4}, "did not verify its owner"),
        ({"challenged": b"x" * 32}, "another specification"),
    ],
)
def test_a_passkey_counts_on_its_site_with_its_owner_present(change: dict[str, object], why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        signed_by(P256.sign(PAYLOAD, **change), PAYLOAD, KEYS, SITE)  # type: ignore[arg-type]


def test_what_is_no_signature_at_all_is_refused() -> None:
    for nothing in (PersonSignature(), PersonSignature(ssh=b"x" * 9000), PersonSignature(passkey={})):
        with pytest.raises(SignatureError):
            signed_by(nothing, PAYLOAD, KEYS, SITE)


def test_other_keys_are_refused_with_what_to_write() -> None:
    wide = PasskeySigner(ec.generate_private_key(ec.SECP384R1()))
    for line in ("ssh-rsa AAAA", "passkey AAAA", "ssh-ed25519 ???", "ssh-ed25519 AAAA", wide.line, ""):
        with pytest.raises(KeyFormatError):
            parse_key(line)
