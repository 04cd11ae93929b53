"""What the server's tests share: people, the API as a browser and as the command see it, and a database with real commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client

from server import keys
from server.accounts.models import User
from server.audit import triggers
from tests.settings import ENV

PASSWORD = "correct horse battery"
MakeUser = Callable[..., User]


@pytest.fixture
def server_keys() -> None:
    keys.ensure_web(ENV.keys)
    keys.ensure_ingest(ENV.keys, ["localhost"])


@pytest.fixture
def user(db: None, server_keys: None) -> MakeUser:
    """Make a person with a role; the password is PASSWORD."""

    def make(role: str = "tracer", username: str = "") -> User:
        person = User(username=username or role, role=role)
        person.set_password(PASSWORD)
        person.save()
        return person

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
def committed(transactional_db: None, server_keys: None) -> Iterator[None]:
    """A database whose commits other threads see. Clearing it afterwards needs the audit's triggers out of the way."""
    yield
    triggers.remove(connection)
    for table in ("audit_auditentry",):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
    triggers.install(connection)
