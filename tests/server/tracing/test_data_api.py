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

from proto.text import unescape
from proto.v1.stream_pb2 import RunSchema
from server.accounts.browsers import SignIn
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.tracing import data_api, session_keys
from server.tracing import export as export_module
from server.tracing.cutting import CutOff
from server.tracing.models import Run
from server.tracing.segments import segment_store
from tests.e2e.recordings import TLS, Said, rows_of
from tests.server.tracing.rows import TWO_STREAMS
from tests.server.tracing.sessions import Traced, encrypted, traced

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
    return traced(User.objects.get(username="tracer"), hosts=2)


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


def test_nasty_names_come_back_from_every_format(client: Client, ended: Traced) -> None:
    expected = [NASTY[n % len(NASTY)] for n in range(16)] + [NASTY[n % len(NASTY)] for n in range(7)]
    arrow = pa.ipc.open_stream(export(client, ended, "arrow")).read_all()
    assert arrow["path"].to_pylist() == expected
    assert [unescape(row["path"]) for row in ndjson(export(client, ended, "ndjson"))] == expected


SAID = [
    Said(1, b"GET /\r\n"),
    Said(2, b"\x00\xff\x1b[2J\\", "in", size=900),
    Said(3, b""),
    Said(4, b"GET /\r\n", where=9),
]


@pytest.fixture
def talked(client: Client) -> Traced:
    found = traced(User.objects.get(username="tracer"), schema=RunSchema(tool="sslsniff", streams=[TLS]))
    frames = found.frames[0]
    found.append([frames.frame(rows_of(TLS, SAID[:2]), 0, 2), frames.frame(rows_of(TLS, SAID[2:]), 0, 2)])
    found.end()
    return found


@pytest.mark.parametrize(("direction", "count"), [("", 4), ("in", 1), ("out", 3)])
def test_raw_is_the_payload_and_nothing_else(client: Client, talked: Traced, direction: str, count: int) -> None:
    kept = [said.data for said in SAID if direction in ("", said.direction)]
    assert len(kept) == count
    for _ in range(2):
        assert export(client, talked, "raw", direction=direction) == b"".join(kept)
        segment_store().seal_due()
    assert AuditEntry.objects.order_by("-id")[0].detail.get("direction", "") == direction


def test_a_payload_is_whole_in_every_format(client: Client, talked: Traced) -> None:
    expected = [(said.direction.encode(), said.data) for said in SAID]
    arrow = pa.ipc.open_stream(export(client, talked, "arrow")).read_all().to_pylist()
    parquet = pq.read_table(io.BytesIO(export(client, talked, "parquet"))).to_pylist()
    assert [(row["direction"], row["data"]) for row in arrow] == expected
    assert [(row["direction"], row["data"]) for row in parquet] == expected
    assert [unescape(row["data"]) for row in ndjson(export(client, talked, "ndjson"))] == [data for _, data in expected]


def test_encrypted_rows_are_read_by_every_road_and_stay_encrypted_on_the_disk(client: Client) -> None:
    said = [Said(1, b"a canary that nobody may read from the disk"), *SAID]
    schema = RunSchema(tool="sslsniff", streams=[TLS])
    found = encrypted(User.objects.get(username="tracer"), schema)
    found.append([found.frames[0].frame(rows_of(TLS, said), 0, 5)])
    found.end()
    session, folder = found.session.pk, segment_store().root / str(found.session.pk)
    segment_store().seal_due()
    assert not list(folder.rglob("*.parquet")) and list(folder.rglob("*.seg"))
    assert all(said[0].data not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert export(client, found, "raw") == b"".join(item.data for item in said)
    assert (
        len(
            ndjson(export(client, found, "ndjson", where='{"filters": [{"column": "size", "op": "ge", "value": 900}]}'))
        )
        == 1
    )
    assert len(body(client.get(f"/api/sessions/{session}/rows", {"stream": "data"})).splitlines()) == 5
    asked = {"stream": "data", "measures": [{"function": "count"}]}
    address = f"/api/sessions/{session}/query"
    assert client.post(address, asked, content_type="application/json").json()["rows"] == [[5]]
    session_keys.destroy(session)
    gone = client.post(address, asked, content_type="application/json")
    assert (gone.status_code, gone.json()["error"]["code"]) == (423, "rows_locked")
    assert client.get(f"/api/sessions/{session}/export", {"format": "raw"}).status_code == 423
    assert client.get(f"/api/sessions/{session}/rows").status_code == 423


def test_a_large_payload_that_repeats_goes_out_in_pieces(
    client: Client, talked: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export(client, talked, "ndjson")
    monkeypatch.setattr(export_module, "PIECE_BYTES", 1)
    assert export(client, talked, "ndjson") == whole


def test_raw_of_several_hosts_is_refused(client: Client) -> None:
    both = traced(User.objects.get(username="tracer"), hosts=2, schema=RunSchema(tool="sslsniff", streams=[TLS]))
    refused = client.get(f"/api/sessions/{both.session.pk}/export", {"format": "raw"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "format")
    assert "several hosts" in refused.json()["error"]["message"]


def test_who_follows_a_stream_may_come_before_its_host(client: Client, talked: Traced) -> None:
    schema = Run.objects.get(session=talked.session).schema
    Run.objects.filter(session=talked.session).update(schema=b"")
    address = f"/api/sessions/{talked.session.pk}/rows"
    assert client.get(address, {"stream": "data"}).status_code == 422
    assert body(client.get(address, {"stream": "data", "follow": "1"})) == b""
    Run.objects.filter(session=talked.session).update(schema=schema)
    assert len(ndjson(body(client.get(address, {"stream": "data", "follow": "1"})))) == 4
    assert client.get(address, {"stream": "none", "follow": "1"}).status_code == 422


def test_the_books_travel_along(client: Client, ended: Traced) -> None:
    response = client.get(f"/api/sessions/{ended.session.pk}/export", {"format": "arrow"})
    assert response.headers["X-Fleetscope-Books"] == "complete"
    assert json.loads(response.headers["X-Fleetscope-Ledger"]) == {"seen": 23, "stored": 23, "lost": {}}
    assert response.headers["Content-Disposition"] == f'attachment; filename="{ended.session.pk}.arrow"'
    about = json.loads(pa.ipc.open_stream(body(response)).schema.metadata[b"fleetscope"])
    assert about["session"] == str(ended.session.pk)
    assert [(run["host"], run["books"], run["ledger"]["stored"]) for run in about["runs"]] == [
        ("host-1", "complete", 16),
        ("host-2", "complete", 7),
    ]


def test_rows_are_followed_to_the_end(client: Client, ended: Traced) -> None:
    response = client.get(f"/api/sessions/{ended.session.pk}/rows", {"follow": "1"})
    assert response.headers["Content-Type"] == "application/x-ndjson"
    rows = ndjson(body(response))
    assert [row["host"] for row in rows] == ["host-1"] * 16 + ["host-2"] * 7


def test_rows_so_far_need_no_end(client: Client, running: Traced) -> None:
    running.store(5)
    assert len(ndjson(body(client.get(f"/api/sessions/{running.session.pk}/rows")))) == 5


def test_with_several_streams_each_row_says_its_own(client: Client) -> None:
    both = traced(User.objects.get(username="tracer"), schema=TWO_STREAMS)
    both.append([both.frames[0].rows_of(2), both.frames[0].stacks_of(3)])
    both.end()
    address = f"/api/sessions/{both.session.pk}/rows"
    rows = ndjson(body(client.get(address)))
    assert [row["stream"] for row in rows] == ["events"] * 2 + ["stacks"] * 3
    assert len(ndjson(body(client.get(address, {"stream": "stacks"})))) == 3
    assert export(client, both, "folded", stream="stacks").startswith(b"worker;main;")
    refused = client.get(f"/api/sessions/{both.session.pk}/export", {"format": "csv"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "stream")


def test_questions_are_answered(client: Client, ended: Traced) -> None:
    response = client.post(
        f"/api/sessions/{ended.session.pk}/query",
        {"group_by": [{"column": "host"}], "measures": [{"function": "count"}]},
        content_type="application/json",
    )
    assert response.json() == {
        "columns": [
            {"name": "host", "type": "text", "unit": "none"},
            {"name": "count", "type": "number", "unit": "count"},
        ],
        "rows": [["host-1", 16], ["host-2", 7]],
    }


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("export", {"format": "xml"}, 422, "format"),
        ("export", {}, 422, "format"),
        ("export", {"format": "folded"}, 422, "stream events has no stacks"),
        ("export", {"format": "raw"}, 422, "stream events has no payload"),
        ("export", {"format": "csv", "direction": "in"}, 422, "only raw bytes"),
        ("export", {"format": "csv", "stream": "none"}, 422, "there is no stream 'none'; choose one of events"),
        ("rows", {"stream": "none"}, 422, "there is no stream 'none'"),
    ],
)
def test_what_cannot_be_given_is_one_line(
    client: Client, ended: Traced, path: str, query: dict[str, str], status: int, message: str
) -> None:
    response = client.get(f"/api/sessions/{ended.session.pk}/{path}", query)
    assert response.status_code == status
    assert message in response.json()["error"]["message"]
    assert "\n" not in response.json()["error"]["message"]


def test_a_question_about_an_unknown_column_names_the_known(client: Client, ended: Traced) -> None:
    response = client.post(
        f"/api/sessions/{ended.session.pk}/query", {"columns": ["none"]}, content_type="application/json"
    )
    assert (response.status_code, response.json()["error"]["field"]) == (422, "columns")
    assert "there are host, time, pid" in response.json()["error"]["message"]


def test_an_unknown_session_is_not_found(client: Client) -> None:
    assert client.get("/api/sessions/00000000-0000-0000-0000-000000000000/rows").status_code == 404


def test_nobody_reads_without_signing_in(ended: Traced) -> None:
    for path in ("rows", "export?format=csv"):
        assert Client().get(f"/api/sessions/{ended.session.pk}/{path}").status_code == 401


def test_every_look_is_on_the_record(client: Client, ended: Traced) -> None:
    export(client, ended, "csv")
    body(client.get(f"/api/sessions/{ended.session.pk}/rows"))
    exported, viewed = AuditEntry.objects.order_by("-id")[:2][::-1]
    assert (exported.action, exported.detail["format"], exported.session) == ("session.export", "csv", ended.session.pk)
    assert (viewed.action, viewed.actor, viewed.hosts) == ("session.view", "tracer", ["host-1", "host-2"])


def entries(action: str) -> list[tuple[str, dict[str, Any]]]:
    found = AuditEntry.objects.filter(action=action).order_by("id").values_list("outcome", "detail")
    return [(outcome, {name: fact for name, fact in detail.items() if name != "via"}) for outcome, detail in found]


def test_who_takes_many_rows_exports_them(client: Client, ended: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_api, "VIEWED_ROWS", 23)
    rows = f"/api/sessions/{ended.session.pk}/rows"
    body(client.get(rows))
    assert entries("session.export") == []
    monkeypatch.setattr(data_api, "VIEWED_ROWS", 22)
    sent = body(client.get(rows))
    asked = {"format": "ndjson", "stream": ""}
    told = asked | {"sent_rows": 23, "sent_bytes": len(sent)}
    assert entries("session.export") == [("done", asked), ("sent", told)]


def test_who_follows_exports(client: Client, ended: Traced) -> None:
    sent = body(client.get(f"/api/sessions/{ended.session.pk}/rows?follow=true"))
    (begun, _), (end, told) = entries("session.export")
    assert (begun, end) == ("done", "sent")
    assert (told["sent_rows"], told["sent_bytes"]) == (23, len(sent))


def test_each_question_is_on_the_record_once_and_its_pages_with_it(client: Client, ended: Traced) -> None:
    first = {"filters": [{"column": "path", "op": "eq", "value": "/plain"}]}
    paged = {"filters": [*first["filters"], {"column": "row", "op": "ge", "value": 3}], "limit": 2, "offset": 1}
    other = {"measures": [{"function": "count"}]}
    for question in (first, paged, other, first):
        asked = client.post(f"/api/sessions/{ended.session.pk}/query", question, content_type="application/json")
        assert asked.status_code == 200
    questions = [json.loads(detail["question"]) for _, detail in entries("session.view")]
    assert questions == [first, other]


def test_a_long_question_is_kept_in_part(client: Client, ended: Traced) -> None:
    question = {"filters": [{"column": "path", "op": "eq", "value": "x" * 8000}]}
    client.post(f"/api/sessions/{ended.session.pk}/query", question, content_type="application/json")
    ((_, detail),) = entries("session.view")
    assert len(detail["question"]) == data_api.QUESTION_TEXT


def test_a_session_that_nobody_has_sent_rows_of(client: Client, running: Traced) -> None:
    Run.objects.update(schema=b"")
    response = client.get(f"/api/sessions/{running.session.pk}/export", {"format": "csv"})
    assert response.status_code == 422
    assert "wait until a run is attached" in response.json()["error"]["message"]


def test_an_export_of_some_rows_says_which(client: Client, ended: Traced) -> None:
    where = {"filters": [{"column": "path", "op": "has", "value": "CAF\u00e9"}], "any_of": []}
    response = client.get(
        f"/api/sessions/{ended.session.pk}/export", {"format": "ndjson", "where": json.dumps(where, ensure_ascii=False)}
    )
    rows = ndjson(body(response))
    assert {row["path"] for row in rows} == {"/caf\u00e9"}
    assert rows == [row for row in ndjson(export(client, ended, "ndjson")) if row["path"] == "/caf\u00e9"]
    (said,) = json.loads(response.headers["X-Fleetscope-Where"])["filters"]
    assert (said["column"], said["op"], said["value"]) == ("path", "has", "CAF\u00e9")
    parquet = export(client, ended, "parquet", where=json.dumps(where))
    metadata = json.loads(pq.read_schema(io.BytesIO(parquet)).metadata[b"fleetscope"])
    assert metadata["where"]["filters"] == [said]
    assert metadata["books"] == response.headers["X-Fleetscope-Books"]
    entries = AuditEntry.objects.filter(action="session.export", outcome="done")
    assert [json.loads(entry.detail["where"]) for entry in entries if "where" in entry.detail] == [where, where]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("[", "where: "),
        ('{"filters": [{"column": "pid"}]}', "where: filters.0.op"),
        ('{"limit": 3}', "where holds only filters and any_of"),
        ('{"filters": [{"column": "nix", "op": "eq", "value": 1}]}', "there is no column 'nix'"),
        (" " * 20_000, "where is longer than"),
    ],
)
def test_filters_of_an_export_that_make_no_sense_are_refused(
    client: Client, ended: Traced, where: str, message: str
) -> None:
    response = client.get(f"/api/sessions/{ended.session.pk}/export", {"format": "csv", "where": where})
    assert response.status_code == 422
    assert response.json()["error"]["message"].startswith(message)


def test_following_breaks_off_with_the_sign_in(client: Client, running: Traced) -> None:
    running.store(5)
    response = client.get(f"/api/sessions/{running.session.pk}/rows", {"follow": "1"})
    SignIn.objects.filter(user__username="tracer").delete()
    with pytest.raises(CutOff, match="sign in again"):
        body(response)
