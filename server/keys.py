"""The server's secrets, made at first start and kept in files that only their owner can read.

Three folders, so that the roles need not see each other's secrets: `web` (Django's secret, the keys for commands, for
exports of the audit, for the keys of sessions and for secrets of webhooks), `ingest` (the CA's, the gRPC server's and
the audit's keys) and `public` (the CA certificate and the public halves), which both read.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server import pki


class KeysMissing(RuntimeError):
    """The other role has not made its half yet. The message says which to start."""


def ensure_web(keys: Path) -> None:
    """Make what `web` needs, once."""
    ensure(keys / "web/secret_key", lambda: secrets.token_urlsafe(50).encode())
    ensure(keys / "web/command.key", lambda: pki.private_pem(Ed25519PrivateKey.generate()))
    ensure(keys / "web/export.key", lambda: pki.private_pem(Ed25519PrivateKey.generate()))
    ensure(keys / "web/payload.key", lambda: secrets.token_bytes(32))
    ensure(keys / "web/webhook.key", lambda: secrets.token_bytes(32))
    ensure(keys / "public/command.pub", lambda: command_key(keys).public_key().public_bytes_raw(), mode=0o644)


def ensure_ingest(keys: Path, names: list[str]) -> None:
    """Make what `ingest` needs, once; the gRPC server's certificate again when it misses a name or soon expires."""
    ensure(keys / "ingest/ca.key", lambda: pki.private_pem(pki.new_key()))
    ensure(keys / "public/ca.crt", lambda: pki.pem(pki.self_signed(ca_key(keys))), mode=0o644)
    ensure(keys / "ingest/audit.key", lambda: pki.private_pem(Ed25519PrivateKey.generate()))
    ensure(keys / "public/audit.pub", lambda: audit_key(keys).public_key().public_bytes_raw(), mode=0o644)
    ensure(keys / "ingest/grpc.key", lambda: pki.private_pem(pki.new_key()))
    certificate = keys / "ingest/grpc.crt"
    if not certificate.exists() or not pki.serves(_certificate(certificate), names, ca_certificate(keys)):
        write(certificate, pki.pem(_server_certificate(keys, names)), mode=0o644)


def secret_key(keys: Path) -> str:
    return _read(keys / "web/secret_key", "web").decode()


def command_key(keys: Path) -> Ed25519PrivateKey:
    return _ed25519_key(keys / "web/command.key", "web")


def command_public(keys: Path) -> bytes:
    """Raw 32 bytes."""
    return _read(keys / "public/command.pub", "web")


def export_key(keys: Path) -> Ed25519PrivateKey:
    """Signs the files that are taken out of the audit and nothing else."""
    return _ed25519_key(keys / "web/export.key", "web")


def payload_key(keys: Path) -> bytes:
    """32 bytes, under which the private keys of sessions are kept and nothing else."""
    return _read(keys / "web/payload.key", "web")


def webhook_key(keys: Path) -> bytes:
    """32 bytes, under which the secrets of webhooks are kept and nothing else."""
    return _read(keys / "web/webhook.key", "web")


def audit_key(keys: Path) -> Ed25519PrivateKey:
    """Signs the audit's checkpoints and nothing else."""
    return _ed25519_key(keys / "ingest/audit.key", "ingest")


def audit_public(keys: Path) -> bytes:
    """Raw 32 bytes."""
    return _read(keys / "public/audit.pub", "ingest")


def ca_key(keys: Path) -> ec.EllipticCurvePrivateKey:
    return ec_key(keys / "ingest/ca.key")


def ca_certificate(keys: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(_read(keys / "public/ca.crt", "ingest"))


def ca_fingerprint(keys: Path) -> str:
    """Hex sha-256 of the CA certificate in DER: what a join token pins."""
    return hashlib.sha256(ca_certificate(keys).public_bytes(serialization.Encoding.DER)).hexdigest()


def grpc_identity(keys: Path) -> tuple[bytes, bytes]:
    """(private key, leaf followed by the CA) in PEM."""
    chain = _read(keys / "ingest/grpc.crt", "ingest") + _read(keys / "public/ca.crt", "ingest")
    return _read(keys / "ingest/grpc.key", "ingest"), chain


def _server_certificate(keys: Path, names: list[str]) -> x509.Certificate:
    key = ec_key(keys / "ingest/grpc.key")
    return pki.server_certificate(key.public_key(), names, ca_key(keys), ca_certificate(keys))


def _ed25519_key(path: Path, role: str) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(_read(path, role), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is no Ed25519 key; remove it and start {role} again")
    return key


def ec_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(_read(path, "ingest"), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} is no EC key; remove it and start ingest again")
    return key


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _read(path: Path, role: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise KeysMissing(f"{path} is missing; start `python -m server {role}` once, it makes it") from None


def ensure(path: Path, make: Callable[[], bytes], mode: int = 0o600) -> None:
    if not path.exists():
        write(path, make(), mode, only_first=True)


def write(path: Path, content: bytes, mode: int = 0o600, *, only_first: bool = False) -> None:
    """Whole or not at all; of two processes that start together, the first one's key stays."""
    path.parent.mkdir(mode=0o755 if path.parent.name == "public" else 0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary = Path(file.name)
    temporary.chmod(mode)
    try:
        if only_first:
            path.hardlink_to(temporary)
        else:
            temporary.replace(path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
