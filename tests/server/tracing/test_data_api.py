from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import Client

from server.accounts.models import User
from server.tracing.segments import segment_store
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.usefixtures("committed")

NASTY = [
    b"/plain",
    b"/caf\xc3\xa9",
    b"/\xff\xfe",
    b"/back\\slash",
    b'/comma,"quote"',
    b"=1+1",
    b"/new\nline",
    b"/x" * 2047,
]
MakeUser = Callable[..., User]


@pytest.fixture
def client(client_of: Callable[[str], Client]) -> Client:
    return client_of("tracer")


@pytest.fixture
def running(client: Client) -> Traced:
    return traced(User.objects.get(role="tracer"), hosts=2)


@pytest.fixture
def ended(running: Traced) -> Traced:
    running.store(5, 11, paths=NASTY)
    running.store(7, run=1, paths=NASTY)
    running.end()
    return running


def body(response: Any) -> bytes:
    assert isinstance(response, StreamingHttpResponse), response.content

    async def read() -> bytes:
        return b"".join([part async for part in response])

    return async_to_sync(read)()


def export(client: Client, traced: Traced, form: str, **query: str) -> bytes:
    response = client.get(f"/api/sessions/{traced.session.pk}/export", {"format": form, **query})
    assert response.status_code == 200
    return body(response)


def ndjson(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def test_every_format_holds_the_same_rows(client: Client, ended: Traced) -> None:
    for _ in range(2):
        rows = ndjson(export(client, ended, "ndjson"))
        assert len(rows) == 23
        lines = list(csv.DictReader(io.StringIO(export(client, ended, "csv").decode(), newline="")))
        assert [{name: str(value) for name, value in row.items()} for row in rows] == [
            {name: cell.removeprefix("'") for name, cell in line.items()} for line in lines
        ]
        arrow = pa.ipc.open_stream(export(client, ended, "arrow")).read_all()
        parquet = pq.read_table(io.BytesIO(export(client, ended, "parquet")))
        assert parquet.to_pylist() == arrow.to_pylist()
        assert [(row["host"], row["pid"], row["latency"]) for row in rows] == [
            (row["host"], row["pid"], row["latency"]) for row in arrow.to_pylist()
        ]
        segment_store().seal_due()
