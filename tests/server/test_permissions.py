"""Every way in, with the right that it needs. A path that is not listed fails the test: whoever adds one decides."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from server.accounts.models import User
from server.accounts.policy import Action, decide
from server.api import api
from server.fleet.routing import websocket_urlpatterns as fleet_sockets
from server.live.routing import websocket_urlpatterns as session_sockets
from tests.server.fleet.hosts import make_host
from tests.server.tracing.sessions import traced

OWN = Action.OWN_ACCOUNT
NEEDS = {
    ("get", "/api/auth/me"): OWN,
    ("post", "/api/auth/logout"): OWN,
    ("post", "/api/auth/password"): OWN,
    ("post", "/api/auth/tokens"): OWN,
    ("post", "/api/auth/confirm"): OWN,
    ("post", "/api/auth/confirm/code"): OWN,
    ("post", "/api/auth/confirm/passkey"): OWN,
    ("get", "/api/auth/factors"): OWN,
    ("post", "/api/auth/factors/totp"): OWN,
    ("post", "/api/auth/factors/totp/confirm"): OWN,
    ("delete", "/api/auth/factors/totp"): OWN,
    ("post", "/api/auth/factors/passkeys/options"): OWN,
    ("post", "/api/auth/factors/passkeys"): OWN,
    ("delete", "/api/auth/factors/passkeys/{passkey}"): OWN,
    ("post", "/api/auth/factors/recovery"): OWN,
    ("get", "/api/auth/rule"): Action.USER_VIEW,
    ("put", "/api/auth/rule"): Action.USER_CHANGE,
    ("get", "/api/auth/sign-ins"): OWN,
    ("delete", "/api/auth/sign-ins"): OWN,
    ("delete", "/api/auth/sign-ins/{sign_in}"): OWN,
    ("get", "/api/users/{username}/sign-ins"): Action.USER_VIEW,
    ("delete", "/api/users/{username}/sign-ins"): Action.USER_CHANGE,
    ("get", "/api/auth/tokens"): OWN,
    ("delete", "/api/auth/tokens/{token}"): OWN,
    ("get", "/api/users/{username}/tokens"): Action.USER_VIEW,
    ("delete", "/api/users/{username}/tokens/{token}"): Action.USER_CHANGE,
    ("get", "/api/users"): Action.USER_VIEW,
    ("post", "/api/users"): Action.USER_CHANGE,
    ("patch", "/api/users/{username}"): Action.USER_CHANGE,
    ("post", "/api/users/{username}/reset-factors"): Action.USER_CHANGE,
    ("get", "/api/audit"): Action.AUDIT_VIEW,
    ("get", "/api/audit/export"): Action.AUDIT_VIEW,
    ("get", "/api/tools"): Action.TOOL_VIEW,
    ("get", "/api/tools/{name}"): Action.TOOL_VIEW,
    ("get", "/api/hosts"): Action.HOST_VIEW,
    ("post", "/api/hosts/token"): Action.HOST_JOIN,
    ("get", "/api/hosts/{host}"): Action.HOST_VIEW,
    ("patch", "/api/hosts/{host}"): Action.HOST_CHANGE,
    ("post", "/api/hosts/{host}/switch"): Action.HOST_SWITCH,
    ("post", "/api/hosts/{host}/revoke"): Action.HOST_REVOKE,
    ("post", "/api/hosts/{host}/names"): Action.HOST_ASK,
    ("get", "/api/fleet/switch"): Action.HOST_VIEW,
    ("get", "/api/metrics"): Action.HOST_VIEW,
    ("post", "/api/fleet/switch"): Action.FLEET_SWITCH,
    ("get", "/api/sessions"): Action.SESSION_VIEW,
    ("post", "/api/sessions"): Action.SESSION_START,
    ("get", "/api/sessions/{session}"): Action.SESSION_VIEW,
    ("get", "/api/sessions/{session}/program"): Action.SESSION_VIEW,
    ("delete", "/api/sessions/{session}"): Action.SESSION_DELETE,
    ("post", "/api/sessions/{session}/stop"): Action.SESSION_STOP,
    ("get", "/api/sessions/{session_id}/rows"): Action.SESSION_VIEW,
    ("get", "/api/sessions/{session_id}/export"): Action.SESSION_EXPORT,
    ("post", "/api/sessions/{session_id}/query"): Action.SESSION_VIEW,
    ("get", "/api/requests"): Action.REQUEST_VIEW,
    ("get", "/api/requests/rules"): Action.REQUEST_VIEW,
    ("post", "/api/requests"): Action.SESSION_START,
    ("get", "/api/requests/{request_id}"): Action.REQUEST_VIEW,
    ("post", "/api/requests/{request_id}/sign"): Action.SESSION_START,
    ("post", "/api/requests/{request_id}/withdraw"): Action.SESSION_START,
    ("post", "/api/requests/{request_id}/approve"): Action.SESSION_APPROVE,
    ("post", "/api/requests/{request_id}/deny"): Action.SESSION_APPROVE,
    ("post", "/api/requests/{request_id}/review"): Action.SESSION_APPROVE,
    ("get", "/api/storage"): Action.STORAGE_VIEW,
    ("put", "/api/storage"): Action.STORAGE_CHANGE,
}
# Only for who asked: the right is looked at after the request was found, with what it asks for.
FOUND_FIRST = {("post", "/api/requests/{request_id}/start")}
NOBODY_NEEDED = {
    ("get", "/api/health"),
    ("post", "/api/auth/login"),
    ("post", "/api/auth/login/code"),
    ("post", "/api/auth/login/passkey"),
    ("post", "/api/auth/login/enrolled"),
    ("post", "/api/auth/passkey/options"),
    ("post", "/api/auth/token"),
}
SOCKETS = {"ws/fleet", "ws/sessions/<str:session>"}
BODIES = {
    "/api/auth/rule": {"roles": []},
    "/api/auth/password": {"password": "x"},
    "/api/users": {"username": "new", "password": "quite a long secret"},
    "/api/users/{username}": {},
    "/api/hosts/{host}": {"labels": {}},
    "/api/hosts/{host}/switch": {"off": False},
    "/api/hosts/{host}/names": {"kind": "process"},
    "/api/fleet/switch": {"off": False},
    "/api/sessions": {"tool": "opensnoop"},
    "/api/requests": {"tool": "opensnoop"},
    "/api/requests/{request_id}/sign": {"signature": {"ssh": "x"}},
    "/api/requests/{request_id}/approve": {},
    "/api/requests/{request_id}/deny": {"reason": "no"},
    "/api/requests/{request_id}/review": {"review": "fine"},
    "/api/sessions/{session_id}/query": {"stream": "events"},
}


def operations() -> set[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return {(verb, path) for path, found in paths.items() for verb in found}


def test_every_way_in_is_listed() -> None:
    assert operations() == set(NEEDS) | FOUND_FIRST | NOBODY_NEEDED
    assert {str(route.pattern) for route in [*fleet_sockets, *session_sockets]} == SOCKETS


@pytest.mark.parametrize("role", ["viewer", "tracer", "admin"])
@pytest.mark.parametrize(("operation", "action"), NEEDS.items(), ids=lambda value: str(value))
def test_the_policy_decides(user: Callable[..., User], role: str, operation: tuple[str, str], action: Action) -> None:
    owner, person = user("tracer", "owner"), user(role, "person")
    made = traced(owner)
    made.end()
    make_host("web-1", online="names" not in operation[1])  # else its answer would be waited for
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    verb, path = operation
    names = {"session": str(made.session.id), "session_id": str(made.session.id), "host": "web-1", "name": "opensnoop"}
    names["request_id"] = str(uuid.uuid4())
    target = path.format(username="owner", passkey=1, sign_in="0", token=1, **names)
    answer = client.generic(verb.upper(), target, _json(BODIES.get(path, {})), content_type="application/json")
    expected = decide(person, action, made.session).allowed
    assert (answer.status_code != 403) == expected, (answer.status_code, getattr(answer, "content", b""))
    assert answer.status_code < 500


def _json(body: object) -> str:
    return json.dumps(body)
