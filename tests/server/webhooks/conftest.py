from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from server.webhooks import sending
from server.webhooks.models import Webhook
from server.webhooks.sealing import new_secret, seal, shown
from tests.server.conftest import close_connections
from tests.server.people import team
from tests.server.webhooks.receiver import Receiver, receiving

MakeWebhook = Callable[[str], tuple[Webhook, str]]


@pytest.fixture(scope="session", autouse=True)
def _closed_connections(django_db_setup: None) -> Iterator[None]:
    """The threads that send keep their connections; PostgreSQL drops no database that somebody uses."""
    yield
    close_connections(sending._threads)


@pytest.fixture
def local(settings: Settings) -> None:
    """This machine's own addresses are allowed."""
    settings.ENV = dataclasses.replace(settings.ENV, webhook_networks=["127.0.0.0/8", "::1"])


@pytest.fixture
def receiver(local: None) -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def webhook(server_keys: None) -> MakeWebhook:
    """Of the default team; with its secret as people see it."""

    def make(url: str) -> tuple[Webhook, str]:
        secret = new_secret()
        made = Webhook(team=team(), url=url, created_by="admin")
        made.secret = seal(made.pk, secret)
        made.save()
        return made, shown(secret)

    return make
