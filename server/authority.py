"""The fleet's certificate authority, and its replacement by a new one while hosts are connected.

A rotation begins with a second authority (`keys/ingest/ca-next.key`, `keys/public/ca-next.crt`) that signs every new
host certificate, while the server still shows a certificate of the first. Once every host trusts both and holds a
certificate of the second, the rotation is finished and the first is forgotten. What hosts shall trust is in
`keys/public/trust.bin`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from proto.trust import Trust, fingerprint, sign
from proto.v1.agent_pb2 import SignedTrust, TrustList
from server import keys, pki
from server.errors import Conflict


@dataclass(frozen=True, slots=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """`coming` is empty unless a rotation is under way."""

    present: str
    coming: str
    generation: int

    @property
    def signing(self) -> str:
        return self.coming or self.present


def signing(folder: Path) -> Authority:
    """The one that signs hosts' certificates now."""
    coming = _coming(folder)
    if coming is not None:
        return Authority(keys.ec_key(_next_key(folder)), coming)
    return Authority(keys.ca_key(folder), keys.ca_certificate(folder))


def trusted(folder: Path) -> list[x509.Certificate]:
    """Those whose certificates hosts may present. Raises KeysMissing."""
    coming = _coming(folder)
    return [keys.ca_certificate(folder), *([coming] if coming is not None else [])]


def trust(folder: Path) -> SignedTrust | None:
    """What hosts shall trust; None: what they joined with."""
    path = _list(folder)
    return SignedTrust.FromString(path.read_bytes()) if path.exists() else None


def fingerprints(folder: Path) -> Fingerprints:
    coming = _coming(folder)
    return Fingerprints(keys.ca_fingerprint(folder), fingerprint(coming) if coming else "", _generation(folder))


def begin(folder: Path) -> Fingerprints:
    """Make the new authority. Raises Conflict while another rotation is under way."""
    _settle(folder)
    if _coming(folder) is not None:
        raise Conflict("a rotation is under way; end it with `python -m server ca finish` first")
    present = Authority(keys.ca_key(folder), keys.ca_certificate(folder))
    keys.ensure(_next_key(folder), lambda: pki.private_pem(pki.new_key()))
    coming = pki.self_signed(keys.ec_key(_next_key(folder)))
    _publish(folder, [present.certificate, coming], [present.key])
    # Last: from here on it signs.
    keys.write(_next_certificate(folder), pki.pem(coming), mode=0o644)
    return fingerprints(folder)


def finish(folder: Path, names: list[str]) -> Fingerprints:
    """The new authority alone from now on, and a server certificate of it. Raises Conflict when there is no new one."""
    _settle(folder)
    coming = _coming(folder)
    if coming is None:
        raise Conflict("no rotation is under way; begin one with `python -m server ca rotate`")
    _publish(folder, [coming], [keys.ec_key(_next_key(folder)), keys.ca_key(folder)])
    _next_certificate(folder).replace(folder / "public/ca.crt")
    _settle(folder)
    keys.ensure_ingest(folder, names)
    return fingerprints(folder)


def _settle(folder: Path) -> None:
    """A finish that was cut short between two files is taken to its end."""
    path = _next_key(folder)
    if path.exists() and keys.ec_key(path).public_key() == keys.ca_certificate(folder).public_key():
        path.replace(folder / "ingest/ca.key")


def _publish(folder: Path, authorities: list[x509.Certificate], signers: Iterable[ec.EllipticCurvePrivateKey]) -> None:
    listed = sign(Trust(_generation(folder) + 1, tuple(authorities)), signers)
    keys.write(_list(folder), listed.SerializeToString(), mode=0o644)


def _generation(folder: Path) -> int:
    listed = trust(folder)
    return TrustList.FromString(listed.payload).generation if listed else 0


def _coming(folder: Path) -> x509.Certificate | None:
    path = _next_certificate(folder)
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None


def _next_key(folder: Path) -> Path:
    return folder / "ingest/ca-next.key"


def _next_certificate(folder: Path) -> Path:
    return folder / "public/ca-next.crt"


def _list(folder: Path) -> Path:
    return folder / "public/trust.bin"
