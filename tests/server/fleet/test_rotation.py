from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from server import authority, keys, pki
from server.audit.models import AuditEntry
from server.errors import Conflict
from server.fleet import certificates, joining, rotation
from server.fleet.models import Host
from server.fleet.presence import identified
from tests.server.fleet.test_certificates import serial_of
from tests.server.fleet.test_joining import ask
from tests.server.ingest.scripted import make_csr

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def _own_keys(settings: Settings, tmp_path: Path) -> None:
    settings.ENV = dataclasses.replace(settings.ENV, data=tmp_path)
    keys.ensure_web(settings.ENV.keys)
    keys.ensure_ingest(settings.ENV.keys, ["localhost"])


def follow(name: str) -> None:
    """What a connected host does."""
    host = Host.objects.get(name=name)
    pem = certificates.renew(host.id, make_csr(pki.new_key()))
    identified(str(host.id), serial_of(pem))


def test_a_rotation_ends_when_every_host_has_followed() -> None:
    for name in ("db-1", "web-1"):
        joining.enrol(ask(joining.new_token("admin").token, name), "192.0.2.1")
    old = authority.fingerprints(configured.ENV.keys).present
    assert "hosts that do not follow yet\tnone" in rotation.described()
    begun = rotation.begin("server console")
    assert f"present\t{old}\ncoming\t" in begun
    assert "hosts that do not follow yet\tdb-1, web-1" in begun
    follow("web-1")
    with pytest.raises(Conflict, match=r"^db-1 could not connect any more"):
        rotation.finish("server console", [])
    assert authority.fingerprints(configured.ENV.keys).present == old
    follow("db-1")
    ended = rotation.finish("server console", [])
    assert old not in ended
    actions = AuditEntry.objects.filter(action__startswith="ca.").order_by("id")
    assert [(entry.actor, entry.action) for entry in actions] == [
        ("server console", "ca.rotate"),
        ("server console", "ca.finish"),
    ]
    assert actions[1].detail == {"forgotten": old, "present": actions[0].detail["coming"]}


def test_a_host_may_be_left_behind_by_name_and_that_is_on_record() -> None:
    joining.enrol(ask(joining.new_token("admin").token, "gone-1"), "192.0.2.1")
    rotation.begin("server console")
    rotation.finish("server console", ["gone-1"])
    assert AuditEntry.objects.get(action="ca.finish").hosts == ["gone-1"]


def test_without_a_rotation_there_is_nothing_to_finish() -> None:
    with pytest.raises(Conflict, match="no rotation is under way"):
        rotation.finish("server console", [])
    assert not AuditEntry.objects.filter(action="ca.finish").exists()
