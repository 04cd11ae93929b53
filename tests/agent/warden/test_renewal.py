from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest
from cryptography import x509

from agent import identity
from agent.warden.audit import HostAudit, read
from agent.warden.renewal import Mouths, Renewal
from proto.trust import Trust, sign
from proto.v1.agent_pb2 import AgentMessage, RenewalOrder, SignedTrust
from proto.v1.local_pb2 import Credentials
from tests.agent.support.pki import Authority, pem


class Joined:
    def __init__(self, folder: Path) -> None:
        self.old, self.new = Authority(), Authority(name="new CA")
        self.folder, self.log = folder / "identity", folder / "audit.log"
        self.own = self.old.identity("localhost:1")
        identity.save(self.folder, self.own)
        self.said: list[AgentMessage] = []
        self.used: list[Credentials] = []
        mouths = Mouths(self.said.append, self.used.append)
        self.renewal = Renewal(self.folder, self.own, HostAudit(self.log), mouths)

    def order(self, trust: SignedTrust | None = None) -> bytes:
        """The request that the order brings."""
        self.renewal.ordered(RenewalOrder(trust=trust))
        return self.said[-1].certificate_request.csr_pem

    def saved(self) -> identity.Identity:
        return identity.load(self.folder)

    def recorded(self) -> list[tuple[str, str]]:
        return [(entry["event"], entry.get("refused", "")) for entry in read(self.log)]


@pytest.fixture
def joined(tmp_path: Path) -> Joined:
    return Joined(tmp_path)


def both(joined: Joined, generation: int = 1) -> Trust:
    return Trust(generation, (joined.old.certificate, joined.new.certificate))


def test_a_renewal_brings_a_certificate_for_a_new_key(joined: Joined) -> None:
    csr = joined.order()
    certificate = joined.old.sign(csr, joined.own.host_id)
    joined.renewal.issued(certificate)
    saved = joined.saved()
    assert saved.certificate_pem == certificate
    assert saved.key_pem != joined.own.key_pem
    assert saved.ca_pem == joined.own.ca_pem
    assert joined.used == [Credentials(key=saved.key_pem, certificate=certificate, authorities=saved.ca_pem)]
    assert joined.recorded() == [("certificate", "")]
    assert joined.order() != csr, "every renewal makes another key"


def test_a_signed_list_brings_another_authority_and_later_takes_the_first_away(joined: Joined) -> None:
    csr = joined.order(sign(both(joined), [joined.old.key]))
    joined.renewal.issued(joined.new.sign(csr, joined.own.host_id))
    assert joined.saved().ca_pem == pem(joined.old.certificate) + pem(joined.new.certificate)
    csr = joined.order(sign(Trust(2, (joined.new.certificate,)), [joined.new.key]))
    joined.renewal.issued(joined.new.sign(csr, joined.own.host_id))
    assert (joined.saved().ca_pem, joined.saved().trust_generation) == (pem(joined.new.certificate), 2)
    joined.order(sign(both(joined), [joined.old.key]))
    joined.order(sign(both(joined), [joined.new.key]))
    refused = [why for event, why in joined.recorded() if event == "authorities refused"]
    assert refused[0] == "no authority that is trusted here signed it"
    assert "generation 1 is older than 2" in refused[1]
    assert len(joined.said) == 2


def test_a_list_that_no_known_authority_signed_changes_nothing(joined: Joined) -> None:
    joined.renewal.ordered(RenewalOrder(trust=sign(both(joined), [joined.new.key])))
    assert joined.said == []
    assert joined.recorded() == [("authorities refused", "no authority that is trusted here signed it")]


def misfit(joined: Joined, what: str, csr: bytes) -> bytes:
    """A certificate with just this wrong."""
    host, ended = joined.own.host_id, -datetime.timedelta(seconds=1)
    if what in ("unasked", "another key"):
        return joined.own.certificate_pem
    if what == "another host":
        return joined.old.sign(csr, "another")
    if what == "stranger":
        return Authority(name="stranger").sign(csr, host)
    return dataclasses.replace(joined.old, lifetime=ended).sign(csr, host) if what == "ended" else b"x"


@pytest.mark.parametrize("what", ["unasked", "another key", "another host", "stranger", "nothing", "ended"])
def test_a_certificate_that_does_not_fit_changes_nothing(joined: Joined, what: str) -> None:
    csr = joined.order() if what != "unasked" else b""
    joined.renewal.issued(misfit(joined, what, csr))
    assert joined.saved() == joined.own
    assert joined.used == []
    ((event, why),) = joined.recorded()
    assert event == "certificate refused"
    assert why


def test_what_cannot_be_put_on_the_hosts_record_is_not_taken(joined: Joined) -> None:
    joined.log.mkdir()
    joined.renewal.issued(joined.old.sign(joined.order(), joined.own.host_id))
    assert (joined.saved(), joined.used) == (joined.own, [])


def test_what_cannot_be_saved_is_not_used(joined: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    csr = joined.order()
    monkeypatch.setattr(identity, "save", full)
    joined.renewal.issued(joined.old.sign(csr, joined.own.host_id))
    assert (joined.saved(), joined.used) == (joined.own, [])
    assert x509.load_pem_x509_certificate(joined.saved().certificate_pem)
