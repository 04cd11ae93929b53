"""``fleetscope-agent join``: makes the key, proves the server by its pinned CA, gets and stores a certificate."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent import identity
from agent.config import AgentPaths
from agent.link.pinned import PinError, fetch_ca
from proto.joining import client_identity
from proto.trust import UNREADABLE
from proto.v1.agent_pb2 import EnrollReply, EnrollRequest
from proto.v1.agent_pb2_grpc import EnrolmentStub

DEFAULT_PORT = 8443
SECONDS = 20
_TOKEN = re.compile(r"fsj1\.(?P<secret>[A-Za-z0-9_-]{43})\.(?P<ca>[0-9a-f]{64})")
_LABEL = re.compile(r"(?P<key>[A-Za-z0-9][A-Za-z0-9_./-]{0,62})=(?P<value>[^\x00-\x1f]{0,255})")


class JoinError(RuntimeError):
    """The host did not join. One line: what, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``ca_sha256`` is the hex digest of the CA certificate that the server must present."""

    address: str
    token: str
    ca_sha256: str
    name: str
    labels: dict[str, str]

    @classmethod
    def parse(cls, server: str, token: str, ca_hash: str | None, name: str | None, labels: list[str]) -> Enrolment:
        """Raises JoinError."""
        match = _TOKEN.fullmatch(token.strip())
        if match is None:
            raise JoinError("the token is not one of a join command; copy the whole command from the Hosts page")
        pinned = (ca_hash or match["ca"]).removeprefix("sha256:").lower()
        if not re.fullmatch(r"[0-9a-f]{64}", pinned):
            raise JoinError("--ca-hash must be sha256: and 64 hexadecimal digits")
        own = dict(_label(label) for label in labels)
        return cls(_address(server), token.strip(), pinned, name or platform.node() or "host", own)


def enrol(enrolment: Enrolment, paths: AgentPaths) -> str:
    """Join and store the identity. Returns the name the fleet knows this host by. Raises JoinError."""
    if identity.joined(paths.identity):
        raise JoinError(f"this host has joined already ({paths.identity}); move that folder away to join anew")
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        ca_pem = fetch_ca(enrolment.address, enrolment.ca_sha256)
        reply = _ask(enrolment, ca_pem, _request(enrolment, key))
    except PinError as error:
        raise JoinError(str(error)) from error
    except grpc.RpcError as error:
        raise JoinError(_explain(error, enrolment.address)) from error
    _check(reply, key, enrolment.ca_sha256)
    own = identity.Identity(
        host_id=reply.host_id,
        host_name=reply.host_name,
        address=enrolment.address,
        labels=enrolment.labels,
        key_pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate_pem=reply.certificate_pem,
        ca_pem=reply.ca_pem,
        command_key=reply.command_key,
    )
    try:
        identity.save(paths.identity, own)
    except OSError as error:
        raise JoinError(f"the identity cannot be written to {paths.identity}: {error.strerror}") from error
    return own.host_name


def _request(enrolment: Enrolment, key: ec.EllipticCurvePrivateKey) -> EnrollRequest:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, enrolment.name[:64])])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = csr.public_bytes(serialization.Encoding.PEM)
    return EnrollRequest(token=enrolment.token, csr_pem=pem, host_name=enrolment.name)


def _ask(enrolment: Enrolment, ca_pem: bytes, request: EnrollRequest) -> EnrollReply:
    key_pem, certificate_pem = client_identity()
    credentials = grpc.ssl_channel_credentials(ca_pem, key_pem, certificate_pem)
    with grpc.secure_channel(enrolment.address, credentials, [("grpc.enable_http_proxy", 0)]) as channel:
        stub = EnrolmentStub(channel)  # type: ignore[no-untyped-call]
        reply: EnrollReply = stub.Enroll(request, timeout=SECONDS)
        return reply


def _check(reply: EnrollReply, key: ec.EllipticCurvePrivateKey, ca_sha256: str) -> None:
    """The reply must be usable, and the CA that it brings the pinned one."""
    try:
        ca = x509.load_pem_x509_certificate(reply.ca_pem)
        certificate = x509.load_pem_x509_certificate(reply.certificate_pem)
        own = certificate.public_key() == key.public_key()
    except UNREADABLE as error:
        raise JoinError("the server's answer holds no certificates; server and agent differ in version") from error
    if hashlib.sha256(ca.public_bytes(serialization.Encoding.DER)).hexdigest() != ca_sha256:
        raise JoinError("the server answered with another CA than the join command names; do not trust it")
    if not own or len(reply.command_key) != 32 or not reply.host_id:
        raise JoinError("the server's answer is not for this host's request; try again with a new join command")


def _explain(error: grpc.RpcError, address: str) -> str:
    call = cast(grpc.Call, error)  # what a call raises is both
    code, details = call.code(), call.details()
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return f"{address} does not answer ({details}); check the address, its port and the firewall between"
    return str(details) or f"{address} refused to enrol this host"


def _address(server: str) -> str:
    try:
        parts = urlsplit(server if "://" in server else f"//{server}")
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.path.strip("/"):
        raise JoinError(f"{server!r} is no server address; give HOST:PORT as the join command does")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _label(text: str) -> tuple[str, str]:
    match = _LABEL.fullmatch(text)
    if match is None:
        raise JoinError(f"--label {text!r} is not KEY=VALUE")
    return match["key"], match["value"]
