"""A real ingest in the test's event loop, with real TLS, and hosts that joined it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from server import keys
from server.accounts.models import User
from server.env import Address
from server.fleet.joining import new_token
from server.ingest import database
from server.ingest.database import in_db
from server.ingest.serve import ingesting
from tests.server.conftest import close_connections
from tests.server.ingest import scripted
from tests.server.people import begin
from tests.services import free_port

Join = Callable[..., Awaitable[scripted.Identity]]


@dataclasses.dataclass
class Api:
    """The HTTP API as one person sees it, called from the event loop."""

    client: Client

    async def get(self, path: str) -> Any:
        return await self._call("get", path, None, 200)

    async def post(self, path: str, body: object = None, status: int = 200) -> Any:
        return await self._call("post", path, body, status)

    async def delete(self, path: str, status: int = 204) -> Any:
        return await self._call("delete", path, None, status)

    async def _call(self, verb: str, path: str, body: object, status: int) -> Any:
        options = {"content_type": "application/json"} if verb == "post" else {}
        data = {"data": json.dumps(body or {})} if verb == "post" else {}
        response = await in_db(getattr(self.client, verb), f"/api/{path}", **data, **options)
        assert response.status_code == status, response.content
        return json.loads(response.content) if response.content else None


@pytest.fixture(scope="session", autouse=True)
def _closed_connections(django_db_setup: None) -> Iterator[None]:
    """The threads of ingest keep their connections; PostgreSQL drops no database that somebody uses."""
    yield
    close_connections(database._THREADS)


@pytest.fixture
async def address(committed: None, settings: Settings) -> AsyncIterator[str]:
    """Where ingest listens."""
    place = Address("localhost", free_port())
    settings.ENV = dataclasses.replace(settings.ENV, grpc=place, grpc_listen=place)
    async with ingesting():
        yield str(place)


@pytest.fixture
async def join(address: str, settings: Settings) -> Join:
    async def joined(name: str = "web-1") -> scripted.Identity:
        ca = keys.ca_certificate(settings.ENV.keys)
        token = (await in_db(new_token, "admin")).token
        return await scripted.join(address, scripted.pem_certificate(ca), token, name)

    return joined


@pytest.fixture
async def api(committed: None) -> Callable[[str], Awaitable[Api]]:
    """A signed-in person with this role."""

    async def of(role: str) -> Api:
        person = await in_db(lambda: begin(User.objects.create(username=role, password="!"), role))
        client = Client()
        await in_db(client.force_login, person, backend="django.contrib.auth.backends.ModelBackend")
        return Api(client)

    return of


@dataclasses.dataclass
class Running:
    """An attached run with its data stream open."""

    host: scripted.Agent
    person: Api
    session: str
    run: bytes
    frames: scripted.RunFrames

    async def rows(self, wanted: int) -> None:
        found = await scripted.until(lambda: self.person.get(f"sessions/{self.session}"), lambda s: s["rows"] == wanted)
        assert found["rows"] == wanted


@pytest.fixture
async def running(address: str, join: Join, api: Callable[[str], Awaitable[Api]]) -> AsyncIterator[Running]:
    identity, person = await join(), await api("tracer")
    async with scripted.agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = await scripted.attached(host)
        yield Running(host, person, made["id"], run, scripted.RunFrames(run))
