from __future__ import annotations

import re

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

from proto.v1.agent_pb2 import EnrollRequest
from server import keys, pki
from server.audit.models import AuditEntry
from server.errors import Conflict
from server.fleet import joining
from server.fleet.models import Host, JoinToken
from tests.server.ingest.scripted import make_csr

pytestmark = pytest.mark.usefixtures("db", "server_keys")


def ask(token: str, name: str = "web-1", csr: bytes | None = None) -> EnrollRequest:
    return EnrollRequest(token=token, host_name=name, csr_pem=csr or make_csr(pki.new_key()))


def test_a_token_pins_the_ca_and_comes_with_a_command() -> None:
    made = joining.new_token("admin")
    assert re.fullmatch(r"fsj1\.[A-Za-z0-9_-]{43}\.[0-9a-f]{64}", made.token)
    assert made.token.endswith(keys.ca_fingerprint(settings.ENV.keys))
    assert made.command == f"fleetscope-agent join localhost:8443 --token {made.token}"
    assert made.token.split(".")[1] not in str(JoinToken.objects.values().get())


def test_a_joined_host_gets_a_certificate_with_its_id_and_the_command_key() -> None:
    reply = joining.enrol(ask(joining.new_token("admin").token), "192.0.2.1")
    host = Host.objects.get()
    certificate = x509.load_pem_x509_certificate(reply.certificate_pem)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == str(host.id) == reply.host_id
    assert host.certificate_serial == f"{certificate.serial_number:x}"
    assert reply.command_key == keys.command_public(settings.ENV.keys)
    entry = AuditEntry.objects.get(action="host.join")
    assert (entry.actor, entry.outcome, entry.hosts) == ("admin", "done", ["web-1"])


def test_a_token_works_once() -> None:
    token = joining.new_token("admin").token
    joining.enrol(ask(token), "192.0.2.1")
    with pytest.raises(joining.JoinError, match="does not exist or has already been used"):
        joining.enrol(ask(token), "192.0.2.2")
    assert Host.objects.count() == 1
    assert AuditEntry.objects.get(action="host.join", outcome="refused").detail["address"] == "192.0.2.2"


def test_a_token_for_one_host_lets_no_other_join() -> None:
    made = joining.new_token("admin", "db-1")
    assert made.command.endswith(" --name db-1")
    with pytest.raises(joining.JoinError, match="the join token is for another host; join under the name"):
        joining.enrol(ask(made.token, "web-1"), "192.0.2.9")
    refused = AuditEntry.objects.get(action="host.join")
    assert (refused.outcome, refused.detail["host_name"]) == ("refused", "web-1")
    assert joining.enrol(ask(made.token, "db-1"), "192.0.2.1").host_name == "db-1"
    assert AuditEntry.objects.get(action="host.token").detail["host_name"] == "db-1"
    with pytest.raises(Conflict, match="there is a host db-1 already"):
        joining.new_token("admin", "db-1")


def test_an_old_token_is_refused() -> None:
    token = joining.new_token("admin").token
    JoinToken.objects.update(expires_at=timezone.now())
    with pytest.raises(joining.JoinError, match="expired"):
        joining.enrol(ask(token), "192.0.2.1")


@pytest.mark.parametrize("token", ["", "x", "fsj1.guess.0", "fsj2.a.b", f"fsj1.{'A' * 43}.{'0' * 64}"])
def test_a_guess_is_refused(token: str) -> None:
    with pytest.raises(joining.JoinError, match="fleetscope hosts token"):
        joining.enrol(ask(token), "192.0.2.1")


def test_a_request_that_cannot_be_signed_leaves_the_token_unused() -> None:
    token = joining.new_token("admin").token
    with pytest.raises(joining.JoinError):
        joining.enrol(ask(token, csr=b"no request"), "192.0.2.1")
    assert joining.enrol(ask(token), "192.0.2.1").host_name == "web-1"


@pytest.mark.parametrize(
    ("asked", "given"),
    [("web-1", "web-1-2"), ("<b>x</b>", "b-x-b"), ("", "host"), ("../..", "host"), ("a" * 300, "a" * 200)],
)
def test_names_are_plain_and_unique(asked: str, given: str) -> None:
    joining.enrol(ask(joining.new_token("admin").token, "web-1"), "192.0.2.1")
    assert joining.enrol(ask(joining.new_token("admin").token, asked), "192.0.2.1").host_name == given
