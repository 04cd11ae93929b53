from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from agent import identity
from agent.config import AgentPaths
from agent.link.enrol import Enrolment, JoinError, enrol
from tests.agent.support.pki import Authority
from tests.agent.support.server import FleetServer

SECRET = "s" * 43


@pytest.fixture
def token(server: FleetServer) -> str:
    der = server.authority.certificate.public_bytes(serialization.Encoding.DER)
    token = f"fsj1.{SECRET}.{hashlib.sha256(der).hexdigest()}"
    server.tokens.add(token)
    return token


@pytest.fixture
def paths(tmp_path: Path) -> AgentPaths:
    return AgentPaths(tmp_path / "state", tmp_path / "policy.toml")


def _parse(server: FleetServer, token: str) -> Enrolment:
    return Enrolment.parse(server.address, token, None, "web-1", ["role=db", "site=a b"])


def test_a_join_leaves_a_whole_identity_whose_key_was_made_here(
    server: FleetServer, token: str, paths: AgentPaths
) -> None:
    assert enrol(_parse(server, token), paths) == "web-1"
    own = identity.load(paths.identity)
    assert (own.host_name, own.address, own.labels) == ("web-1", server.address, {"role": "db", "site": "a b"})
    key = serialization.load_pem_private_key(own.key_pem, None)
    assert key.public_key() == x509.load_pem_x509_certificate(own.certificate_pem).public_key()
    assert own.command_key == server.authority.command.public_key().public_bytes_raw()


def test_a_token_works_once(server: FleetServer, token: str, paths: AgentPaths, tmp_path: Path) -> None:
    enrol(_parse(server, token), paths)
    with pytest.raises(JoinError, match="joined already"):
        enrol(_parse(server, token), paths)
    other = AgentPaths(tmp_path / "other", tmp_path / "policy.toml")
    with pytest.raises(JoinError, match="does not exist or has already been used"):
        enrol(_parse(server, token), other)
    assert not identity.joined(other.identity)


def test_another_server_gets_nothing(server: FleetServer, token: str, paths: AgentPaths) -> None:
    thief = FleetServer(Authority())
    thief.tokens.add(token)
    with pytest.raises(JoinError, match="is not the server that the join command names"):
        enrol(_parse(thief, token), paths)
    assert token in thief.tokens, "the token was never shown to it"
    thief.stop()


def test_no_answer_is_explained(token: str, paths: AgentPaths) -> None:
    with pytest.raises(JoinError, match="cannot be reached"):
        enrol(Enrolment.parse("localhost:1", token, None, "web-1", []), paths)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("server", "server:8443"),
        ("server:9000", "server:9000"),
        ("https://server:9000/", "server:9000"),
        ("10.0.0.1:1", "10.0.0.1:1"),
        ("[::1]:5", "[::1]:5"),
    ],
)
def test_addresses_are_read_as_people_write_them(given: str, address: str) -> None:
    assert Enrolment.parse(given, f"fsj1.{SECRET}.{'0' * 64}", None, "n", []).address == address


def test_a_hash_given_apart_counts() -> None:
    parsed = Enrolment.parse("server", f"fsj1.{SECRET}.{'0' * 64}", "sha256:" + "AB" * 32, None, [])
    assert parsed.ca_sha256 == "ab" * 32
    assert parsed.name


@pytest.mark.parametrize(
    ("server", "token", "pin", "labels", "why"),
    [
        ("server", "fsj1.short", None, [], "not one of a join command"),
        ("server/path", None, None, [], "no server address"),
        ("server:port", None, None, [], "no server address"),
        ("server", None, "md5:1", [], "sha256: and 64"),
        ("server", None, None, ["novalue"], "is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_used_is_named(
    server: str, token: str | None, pin: str | None, labels: list[str], why: str
) -> None:
    with pytest.raises(JoinError, match=why):
        Enrolment.parse(server, token or f"fsj1.{SECRET}.{'0' * 64}", pin, None, labels)
