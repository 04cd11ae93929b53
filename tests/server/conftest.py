"""What the server's tests share: people, their browsers, and a database with real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from server import keys
from server.accounts.models import User
from server.audit import triggers
from tests.server.people import begin
from tests.settings import ENV

PASSWORD = "correct horse battery"
MakeUser = Callable[..., User]


@pytest.fixture
def server_keys() -> None:
    keys.ensure_web(ENV.keys)
    keys.ensure_ingest(ENV.keys, ["localhost"])


@pytest.fixture
def user(db: None, server_keys: None) -> MakeUser:
    """Make a person with a role in the default team, an admin or auditor of every team; the password is PASSWORD."""

    def make(role: str = "tracer", username: str = "") -> User:
        person = User(username=username or role or "nobody")
        person.set_password(PASSWORD)
        person.save()
        return begin(person, role)

    return make


@pytest.fixture
def client_of(user: MakeUser) -> Callable[[str], Client]:
    """A signed-in browser of a new person with this role."""

    def sign_in(role: str) -> Client:
        client = Client()
        client.force_login(user(role), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def _triggers_again(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Set up before the database of the test, so torn down after it was cleared."""
    yield
    with django_db_blocker.unblock():
        triggers.install(connection)


@pytest.fixture
def committed(_triggers_again: None, transactional_db: None, server_keys: None) -> Iterator[None]:
    """A database whose commits other threads see. Clearing it afterwards needs the audit's triggers out of the way."""
    yield
    triggers.remove(connection)


def close_connections(threads: ThreadPoolExecutor) -> None:
    """Of all of them, each of which has its own."""
    everybody = threading.Barrier(threads._max_workers)

    def close() -> None:
        everybody.wait(10)
        connection.close()

    wait([threads.submit(close) for _ in range(threads._max_workers)])
