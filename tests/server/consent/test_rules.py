from __future__ import annotations

import dataclasses

import pytest
from django.conf import settings

from server.accounts.models import Risk
from server.consent.rules import need
from server.fleet.models import Host


def test_plaintext_needs_what_the_strictest_host_wants() -> None:
    hosts = [Host(name="a"), Host(name="b", approvals_needed=2), Host(name="c", approvals_needed=1)]
    found = need(Risk.S3, hosts)
    assert found is not None
    assert (found.people, found.signed) == (2, True)
    assert "b, c wants signed by who asks and 2 others" in found.why
    assert need(Risk.S2, hosts) is None
    assert need(Risk.S3, hosts[:1]) is None, "its owner wants no signatures"


def test_many_hosts_need_somebody_without_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", dataclasses.replace(settings.ENV, approval_hosts=2))
    hosts = [Host(name=name) for name in "abc"]
    found = need(Risk.S0, hosts)
    assert found is not None
    assert (found.people, found.signed) == (1, False)
    assert "3 hosts, more than the 2" in found.why
    assert need(Risk.S0, hosts[:2]) is None
    monkeypatch.setattr(settings, "ENV", dataclasses.replace(settings.ENV, approval_hosts=0))
    assert need(Risk.S0, hosts) is None
