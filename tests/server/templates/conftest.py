"""A person who may trace one host, and their browser."""

from __future__ import annotations

import pytest
from django.test import Client

from server.accounts.models import Risk, User
from server.fleet.models import Host
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team


@pytest.fixture
def host(db: None, server_keys: None) -> Host:
    return make_host("web-1")


@pytest.fixture
def tracer(host: Host) -> User:
    person = User.objects.create(username="tess", password="!")
    grant(person, "tracer", team("ours"), risk=Risk.S2)
    return person


@pytest.fixture
def browser(tracer: User) -> Client:
    client = Client()
    client.force_login(tracer, backend="django.contrib.auth.backends.ModelBackend")
    return client
