from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from proto.v1.agent_pb2 import Name, Names
from proto.v1.tool_pb2 import RISK_S3
from server.errors import NoAnswer
from server.fleet import names_api
from server.fleet.asking import NAMES_MAX, Question
from server.fleet.names_api import names_out
from tests.server.fleet.hosts import make_host

JSON = "application/json"
Asked = list[tuple[str, str, Question]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Questions that came through, each answered with one hostile name."""
    seen: Asked = []

    def ask(user: object, host: object, question: Question) -> Names:
        seen.append((str(user), str(host), question))
        return Names(
            names=[
                Name(
                    value="7",
                    label="<script>\x1b[31m",
                    since_wall_ns=1_700_000_000_000_000_000,
                    risk=RISK_S3,
                    shape="text",
                )
            ],
            total=3,
        )

    monkeypatch.setattr(names_api, "ask", ask)
    return seen


def test_a_question_and_its_answer(client_of: Callable[[str], Client], asked: Asked) -> None:
    make_host("web-1")
    body = {"kind": "function", "text": "c:mal*", "pid": 7, "limit": 5}
    answer = client_of("tracer").post("/api/hosts/web-1/names", body, content_type=JSON)
    assert answer.json() == {
        "host": "web-1",
        "names": [
            {
                "value": "7",
                "label": "<script>\x1b[31m",
                "detail": "",
                "since": "2023-11-14T22:13:20Z",
                "risk": "s3",
                "shape": "text",
            }
        ],
        "total": 3,
        "meant": None,
    }
    assert asked == [("tracer", "web-1", Question("function", "c:mal*", 7, 5))]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "secrets"},
        {"kind": ""},
        {"kind": "process\n"},
        {"kind": "process", "text": "a" * 513},
        {"kind": "process", "text": "a\0"},
        {"kind": "process", "pid": -1},
        {"kind": "process", "limit": NAMES_MAX + 1},
    ],
)
def test_what_is_no_question_is_not_asked(client_of: Callable[[str], Client], asked: Asked, body: object) -> None:
    make_host("web-1")
    assert client_of("tracer").post("/api/hosts/web-1/names", body, content_type=JSON).status_code == 422
    assert asked == []


def test_an_unknown_host_and_a_silent_one(client_of: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch) -> None:
    make_host("web-1")
    tracer = client_of("tracer")
    assert tracer.post("/api/hosts/web-9/names", {"kind": "process"}, content_type=JSON).status_code == 404

    def silent(*_: object) -> Names:
        raise NoAnswer("web-1 did not answer within 6 s")

    monkeypatch.setattr(names_api, "ask", silent)
    answer = tracer.post("/api/hosts/web-1/names", {"kind": "process"}, content_type=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_answer")


def test_what_a_host_says_is_bounded_once_more() -> None:
    many = Names(names=[Name(value=str(number), since_wall_ns=2**62) for number in range(1009)], total=1009, meant=4)
    out = names_out("web-1", many)
    assert (len(out["names"]), out["total"], out["meant"]) == (NAMES_MAX, 1009, 4)
    assert out["names"][0]["label"] == "0"
    assert names_out("web-1", Names(names=[Name(since_wall_ns=-5)]))["names"][0]["since"] is None
