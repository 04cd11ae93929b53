from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from server import keys, pki


def test_keys_are_made_once_and_only_their_owner_reads_the_secret_ones(tmp_path: Path) -> None:
    keys.ensure_web(tmp_path)
    keys.ensure_ingest(tmp_path, ["localhost"])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    keys.ensure_web(tmp_path)
    keys.ensure_ingest(tmp_path, ["localhost"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    for path in [*(tmp_path / "web").iterdir(), tmp_path / "ingest/ca.key", tmp_path / "ingest/grpc.key"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_each_role_makes_its_own_half_and_names_who_makes_the_other(tmp_path: Path) -> None:
    keys.ensure_ingest(tmp_path, ["localhost"])
    assert not (tmp_path / "web").exists()
    with pytest.raises(keys.KeysMissing, match="python -m server web"):
        keys.command_public(tmp_path)
    keys.ensure_web(tmp_path)
    assert keys.command_key(tmp_path).public_key().public_bytes_raw() == keys.command_public(tmp_path)


def test_web_needs_nothing_of_ingest_but_the_public_certificate(tmp_path: Path) -> None:
    keys.ensure_web(tmp_path)
    with pytest.raises(keys.KeysMissing, match="python -m server ingest"):
        keys.ca_fingerprint(tmp_path)
    assert len(keys.secret_key(tmp_path)) > 50


def test_the_fingerprint_is_of_the_certificate_in_der(tmp_path: Path) -> None:
    keys.ensure_ingest(tmp_path, ["localhost"])
    der = keys.ca_certificate(tmp_path).public_bytes(serialization.Encoding.DER)
    assert keys.ca_fingerprint(tmp_path) == hashlib.sha256(der).hexdigest()


def test_a_new_name_gets_a_new_server_certificate_of_the_same_ca(tmp_path: Path) -> None:
    keys.ensure_ingest(tmp_path, ["localhost"])
    ca, (key, chain) = keys.ca_fingerprint(tmp_path), keys.grpc_identity(tmp_path)
    keys.ensure_ingest(tmp_path, ["localhost", "trace.example"])
    new_key, new_chain = keys.grpc_identity(tmp_path)
    assert (keys.ca_fingerprint(tmp_path), new_key) == (ca, key)
    assert new_chain != chain
    assert new_chain.endswith(pki.pem(keys.ca_certificate(tmp_path)))
