"""Who may do what to whose session of which class, and every way in: declared here once, executed cell by cell.

People hold one role in the team `ours` up to class S2; the admin's and the auditor's are for every team. The session is
their own, a colleague's of `ours`, one of the team `theirs`, or one of `theirs` that is shared with them.
"""

from __future__ import annotations

from server.accounts.policy import Action
from tests.server.tracing.opened import OPENING, OPENINGS

ROLES = ("none", "viewer", "tracer", "approver", "auditor", "admin")
RELATIONS = ("own", "team", "other", "shared")
RISKS = (0, 1, 2, 3)

_NEVER = (-1, -1, -1, -1)
_TEAM = (2, 2, -1, -1)
_SHOWN = (2, 2, -1, 2)
_OWN = (2, -1, -1, -1)
_ANY = (3, 3, 3, 3)
_FEW = (1, 1, 1, 1)
# The highest class for each relation; -1: none. Roles that are not named may not at all.
SESSIONS: dict[Action, dict[str, tuple[int, int, int, int]]] = {
    Action.SESSION_LIST: {"viewer": _SHOWN, "tracer": _SHOWN, "approver": _SHOWN, "admin": _ANY},
    Action.SESSION_VIEW: {"viewer": _SHOWN, "tracer": _SHOWN, "admin": _FEW},
    Action.SESSION_EXPORT: {"viewer": _SHOWN, "tracer": _SHOWN, "admin": _FEW},
    Action.SESSION_STOP: {"tracer": _OWN, "admin": _ANY},
    Action.SESSION_DELETE: {"tracer": _OWN, "admin": _ANY},
    Action.SESSION_SHARE: {"tracer": _OWN, "admin": _FEW},
    Action.SESSION_UNSHARE: {"tracer": _OWN, "admin": _ANY},
    Action.SESSION_APPROVE: {"approver": (-1, 2, -1, -1)},
    Action.REQUEST_VIEW: {"viewer": _TEAM, "tracer": _TEAM, "approver": _TEAM, "admin": _ANY},
}
# What is about no session: the roles that may.
OTHERS: dict[Action, set[str]] = {
    Action.TOOL_VIEW: set(ROLES),
    Action.TEAM_VIEW: set(ROLES),
    Action.OWN_ACCOUNT: set(ROLES),
    Action.OWN_CHANGE: set(ROLES),
    Action.HOST_VIEW: {"viewer", "tracer", "approver", "admin"},
    Action.HOST_ASK: {"tracer"},
    Action.SESSION_START: {"tracer"},
    Action.SESSION_REVEAL: {"tracer"},
    Action.SESSION_BREAK_GLASS: set(),  # by its role alone, nobody; GLASS says who by a grant that says so
    Action.TEMPLATE_KEEP: {"tracer"},
    Action.HOST_JOIN: {"admin"},
    Action.HOST_CHANGE: {"admin"},
    Action.HOST_REVOKE: {"admin"},
    Action.HOST_SWITCH: {"admin"},
    Action.FLEET_SWITCH: {"admin"},
    Action.STORAGE_VIEW: {"admin"},
    Action.STORAGE_CHANGE: {"admin"},
    Action.USER_VIEW: {"admin"},
    Action.USER_ADD: {"admin"},
    Action.USER_CHANGE: {"admin"},
    Action.TEAM_ADD: {"admin"},
    Action.TEAM_CHANGE: {"admin"},
    Action.GRANT_VIEW: {"admin"},
    Action.GRANT_CHANGE: {"admin"},
    Action.WEBHOOK_CHANGE: {"admin"},
    Action.METRICS_VIEW: {"admin"},
    Action.AUDIT_VIEW: {"auditor", "admin"},
}

# The roles whose grants may say that their holder breaks the glass. It reaches where the grant does.
GLASS = {"tracer"}

SECRET = "of the link to each session, which who made it has given"
OPEN = "/api/sessions/{session}/open"
# By a link to it. Class S3 has none, and one of a person who may not share the session opens nothing.
OPENED = {"viewer": (2, 2, 2, 2), "tracer": (2, 2, 2, 2), "admin": _FEW}
# (verb, path): the action, and the body that makes it do something.
PATHS: dict[tuple[str, str], tuple[Action | None, object]] = {
    ("GET", "/api/health"): (None, None),
    ("POST", "/api/auth/login"): (None, {"username": "x", "password": "x"}),
    ("POST", "/api/auth/token"): (None, {"username": "x", "password": "x"}),
    ("POST", "/api/auth/login/code"): (None, {}),
    ("POST", "/api/auth/login/passkey"): (None, {}),
    ("POST", "/api/auth/login/enrolled"): (None, {}),
    ("POST", "/api/auth/passkey/options"): (None, {}),
    ("GET", "/api/auth/oidc"): (None, None),
    ("POST", "/api/auth/oidc/begin"): (None, {}),
    ("POST", "/api/auth/oidc/finish"): (None, {}),
    ("POST", "/api/auth/oidc/link"): (Action.OWN_CHANGE, {}),
    ("GET", "/api/auth/oidc/identity"): (Action.OWN_ACCOUNT, None),
    ("DELETE", "/api/auth/oidc/identity"): (Action.OWN_CHANGE, None),
    ("GET", "/api/auth/me"): (Action.OWN_ACCOUNT, None),
    ("POST", "/api/auth/logout"): (Action.OWN_ACCOUNT, {}),
    ("POST", "/api/auth/password"): (Action.OWN_CHANGE, {"password": "x"}),
    ("POST", "/api/auth/tokens"): (Action.OWN_CHANGE, {"name": "x"}),
    ("POST", "/api/auth/confirm"): (Action.OWN_CHANGE, {"password": "x"}),
    ("POST", "/api/auth/confirm/code"): (Action.OWN_CHANGE, {}),
    ("POST", "/api/auth/confirm/passkey"): (Action.OWN_CHANGE, {}),
    ("GET", "/api/auth/factors"): (Action.OWN_ACCOUNT, None),
    ("POST", "/api/auth/factors/totp"): (Action.OWN_CHANGE, {}),
    ("POST", "/api/auth/factors/totp/confirm"): (Action.OWN_CHANGE, {}),
    ("DELETE", "/api/auth/factors/totp"): (Action.OWN_CHANGE, None),
    ("POST", "/api/auth/factors/passkeys/options"): (Action.OWN_CHANGE, {}),
    ("POST", "/api/auth/factors/passkeys"): (Action.OWN_CHANGE, {}),
    ("DELETE", "/api/auth/factors/passkeys/{passkey}"): (Action.OWN_CHANGE, None),
    ("POST", "/api/auth/factors/recovery"): (Action.OWN_CHANGE, {}),
    ("GET", "/api/auth/sign-ins"): (Action.OWN_ACCOUNT, None),
    ("DELETE", "/api/auth/sign-ins"): (Action.OWN_CHANGE, None),
    ("DELETE", "/api/auth/sign-ins/{sign_in}"): (Action.OWN_CHANGE, None),
    ("GET", "/api/auth/tokens"): (Action.OWN_ACCOUNT, None),
    ("DELETE", "/api/auth/tokens/{token}"): (Action.OWN_CHANGE, None),
    ("GET", "/api/users/{username}/sign-ins"): (Action.USER_VIEW, None),
    ("DELETE", "/api/users/{username}/sign-ins"): (Action.USER_CHANGE, None),
    ("GET", "/api/users/{username}/tokens"): (Action.USER_VIEW, None),
    ("DELETE", "/api/users/{username}/tokens/{token}"): (Action.USER_CHANGE, None),
    ("GET", "/api/auth/rule"): (Action.USER_VIEW, None),
    ("PUT", "/api/auth/rule"): (Action.USER_CHANGE, {"roles": []}),
    ("POST", "/api/users/{username}/reset-factors"): (Action.USER_CHANGE, {}),
    ("GET", "/api/me/rights"): (Action.OWN_ACCOUNT, None),
    ("GET", "/api/users"): (Action.USER_VIEW, None),
    ("POST", "/api/users"): (Action.USER_ADD, {"username": "new", "password": "quite a long secret", "role": None}),
    ("PATCH", "/api/users/{username}"): (Action.USER_CHANGE, {}),
    ("GET", "/api/teams"): (Action.TEAM_VIEW, None),
    ("POST", "/api/teams"): (Action.TEAM_ADD, {"name": "new"}),
    ("PATCH", "/api/teams/{team}"): (Action.TEAM_CHANGE, {"name": "renamed"}),
    ("DELETE", "/api/teams/{team}"): (Action.TEAM_ADD, None),
    ("PUT", "/api/teams/{team}/members/{username}"): (Action.TEAM_CHANGE, {}),
    ("DELETE", "/api/teams/{team}/members/{username}"): (Action.TEAM_CHANGE, None),
    ("GET", "/api/teams/{team}/webhooks"): (Action.WEBHOOK_CHANGE, None),
    ("POST", "/api/teams/{team}/webhooks"): (Action.WEBHOOK_CHANGE, {"url": "https://192.0.2.1/"}),
    ("DELETE", "/api/teams/{team}/webhooks/{webhook}"): (Action.WEBHOOK_CHANGE, None),
    ("POST", "/api/teams/{team}/webhooks/{webhook}/test"): (Action.WEBHOOK_CHANGE, {}),
    ("GET", "/api/grants"): (Action.TEAM_VIEW, None),
    ("POST", "/api/grants"): (Action.GRANT_CHANGE, {"person": "colleague", "role": "viewer", "team": "ours"}),
    ("PUT", "/api/grants/{number}"): (Action.GRANT_CHANGE, {"person": "colleague", "role": "viewer", "team": "ours"}),
    ("DELETE", "/api/grants/{number}"): (Action.GRANT_CHANGE, None),
    ("GET", "/api/audit"): (Action.AUDIT_VIEW, None),
    ("GET", "/api/audit/export"): (Action.AUDIT_VIEW, None),
    ("GET", "/api/tools"): (Action.TOOL_VIEW, None),
    ("GET", "/api/tools/{name}"): (Action.TOOL_VIEW, None),
    ("GET", "/api/hosts"): (Action.HOST_VIEW, None),
    ("POST", "/api/hosts/token"): (Action.HOST_JOIN, {}),
    ("GET", "/api/hosts/{host}"): (Action.HOST_VIEW, None),
    ("PATCH", "/api/hosts/{host}"): (Action.HOST_CHANGE, {"labels": {}}),
    ("POST", "/api/hosts/{host}/switch"): (Action.HOST_SWITCH, {"off": False}),
    ("POST", "/api/hosts/{host}/revoke"): (Action.HOST_REVOKE, {}),
    ("POST", "/api/hosts/{host}/names"): (Action.HOST_ASK, {"kind": "process"}),
    ("GET", "/api/fleet/switch"): (Action.HOST_VIEW, None),
    ("POST", "/api/fleet/switch"): (Action.FLEET_SWITCH, {"off": False}),
    ("GET", "/api/metrics"): (Action.METRICS_VIEW, None),
    ("GET", "/api/storage"): (Action.STORAGE_VIEW, None),
    ("PUT", "/api/storage"): (Action.STORAGE_CHANGE, {}),
    ("GET", "/api/templates"): (Action.OWN_ACCOUNT, None),
    ("POST", "/api/templates"): (Action.TEMPLATE_KEEP, {"tool": "syscount", "hosts": ["host-1"], "name": "x"}),
    ("DELETE", "/api/templates/{template}"): (Action.OWN_CHANGE, None),
    ("POST", "/api/templates/{template}/token"): (Action.OWN_CHANGE, {}),
    ("DELETE", "/api/templates/{template}/token"): (Action.OWN_CHANGE, None),
    ("POST", "/api/hooks/{template}"): (None, {}),
    ("POST", "/api/sessions"): (Action.SESSION_START, {"tool": "opensnoop", "hosts": ["host-1"]}),
    ("GET", "/api/sessions"): (Action.SESSION_LIST, None),
    ("GET", "/api/sessions/{session}"): (Action.SESSION_LIST, None),
    ("GET", "/api/sessions/{session}/program"): (Action.SESSION_LIST, None),
    ("DELETE", "/api/sessions/{session}"): (Action.SESSION_DELETE, None),
    ("POST", "/api/sessions/{session}/stop"): (Action.SESSION_STOP, {}),
    ("GET", "/api/sessions/{session_id}/rows"): (Action.SESSION_VIEW, None),
    ("GET", "/api/sessions/{session_id}/export"): (Action.SESSION_EXPORT, None),
    ("POST", "/api/sessions/{session_id}/query"): (Action.SESSION_VIEW, {"stream": "events"}),
    ("GET", "/api/sessions/{session}/shares"): (Action.SESSION_UNSHARE, None),
    ("POST", "/api/sessions/{session}/shares"): (Action.SESSION_SHARE, {"person": "colleague"}),
    ("DELETE", "/api/sessions/{session}/shares/{share}"): (Action.SESSION_UNSHARE, None),
    ("POST", OPENINGS): (Action.SESSION_VIEW, {"reason": "x"}),
    ("POST", OPENING): (Action.SESSION_VIEW, {}),
    ("POST", OPEN): (Action.SESSION_VIEW, {"secret": SECRET}),
    ("GET", "/api/requests"): (Action.REQUEST_VIEW, None),
    ("GET", "/api/requests/rules"): (Action.REQUEST_VIEW, None),
    ("POST", "/api/requests"): (Action.SESSION_START, {"tool": "opensnoop", "hosts": ["host-1"], "reason": "x"}),
    ("GET", "/api/requests/{request_id}"): (Action.REQUEST_VIEW, None),
    ("POST", "/api/requests/{request_id}/approve"): (Action.SESSION_APPROVE, {}),
    ("POST", "/api/requests/{request_id}/deny"): (Action.SESSION_APPROVE, {"reason": "no"}),
    ("POST", "/api/requests/{request_id}/review"): (Action.SESSION_APPROVE, {"review": "fine"}),
    ("POST", "/api/requests/{request_id}/sign"): (Action.SESSION_START, {"signature": {"ssh": "x"}}),
    ("POST", "/api/requests/{request_id}/withdraw"): (Action.SESSION_START, {}),
    ("POST", "/api/requests/{request_id}/start"): (Action.SESSION_START, {}),
}
# Beside them: what a browser loads before anybody has signed in, and the description of the API; an address of each.
PUBLIC = {
    "/api/": "/api/",
    "/api/docs": "/api/docs",
    "/api/openapi.json": "/api/openapi.json",
    "/static/{path:path}": "/static/index.html",
    r"/^(?!(?:api|ws|static)(?:/|$))(?P{path}.*)$": "/hosts",
}
# What is left to say of a request to who asked for it, while they may start what it asks for.
ASKED = {"tracer": _OWN}
QUERIES = {"/api/me/rights": "?tool=opensnoop", "/api/sessions/{session_id}/export": "?format=ndjson"}
SOCKETS = {"ws/fleet": Action.HOST_VIEW, "ws/sessions/<str:session>": Action.SESSION_VIEW}
# Hosts call these, people never: a join token lets one in, after that its certificate.
RPCS = {"Enrolment.Enroll", "AgentLink.Control", "AgentLink.Data"}

# Bodies with which a wrong proof is refused as such.
PROOFS: dict[tuple[str, str], object] = {
    ("POST", "/api/auth/confirm/code"): {"code": "x"},
    ("POST", "/api/auth/confirm/passkey"): {"credential": {}},
    ("POST", "/api/auth/factors/totp/confirm"): {"code": "x"},
    ("POST", "/api/auth/factors/passkeys"): {"name": "x", "credential": {}},
}
# What no API token does, whatever its scope: change how its owner signs in, and make other tokens.
BROWSER_ONLY = {(verb, path) for verb, path in PATHS if verb != "GET" and path.startswith("/api/auth/factors/")}
BROWSER_ONLY |= {("POST", "/api/auth/tokens"), *PROOFS}
BROWSER_ONLY |= {("PATCH", "/api/users/{username}"), ("POST", "/api/users/{username}/reset-factors")}
_READS = {
    Action.TOOL_VIEW,
    Action.TEAM_VIEW,
    Action.OWN_ACCOUNT,
    Action.HOST_VIEW,
    Action.SESSION_LIST,
    Action.SESSION_VIEW,
    Action.SESSION_EXPORT,
    Action.REQUEST_VIEW,
    Action.STORAGE_VIEW,
    Action.METRICS_VIEW,
    Action.AUDIT_VIEW,
    Action.USER_VIEW,
}
PEOPLE = {Action.USER_ADD, Action.TEAM_CHANGE, Action.GRANT_CHANGE}
# What an API token of the scope is good for, of what its owner may.
TOKENS = {
    "read": _READS,
    "trace": _READS
    | {
        Action.HOST_ASK,
        Action.SESSION_START,
        Action.SESSION_REVEAL,
        Action.SESSION_BREAK_GLASS,
        Action.SESSION_STOP,
    },
    "people": PEOPLE | {Action.OWN_ACCOUNT, Action.USER_VIEW, Action.TEAM_VIEW, Action.TEAM_ADD, Action.GRANT_VIEW},
    "all": set(Action) - PEOPLE,
}


def allowed(action: Action | None, role: str, relation: str, risk: int, path: str = "") -> bool:
    """The cell's value."""
    if action is None:
        return True
    if action == Action.SESSION_START and "{request_id}" in path:
        return risk <= ASKED.get(role, _NEVER)[RELATIONS.index(relation)]
    if action in OTHERS:
        return role in OTHERS[action]
    if path == OPEN:
        return not ended(role, relation, risk) and risk <= OPENED.get(role, _NEVER)[RELATIONS.index(relation)]
    return risk <= SESSIONS[action].get(role, _NEVER)[RELATIONS.index(relation)]


def ended(role: str, relation: str, risk: int) -> bool:
    """Whether the link to the session opens nothing for anybody."""
    return risk > 2 or (relation == "own" and not allowed(Action.SESSION_SHARE, role, relation, risk))


def hidden(action: Action | None, role: str, relation: str, risk: int, path: str) -> bool:
    """Of a cell that is refused: whether for the person there is no such thing, or they hear that they may not."""
    if path == OPEN:
        return ended(role, relation, risk)
    if "{session" in path:
        return role in SESSIONS[Action.SESSION_LIST] and not allowed(Action.SESSION_LIST, role, relation, risk)
    if "{request" in path and action is not None:
        able = OTHERS[action] if action in OTHERS else set(SESSIONS[action])
        return role in able and not allowed(Action.REQUEST_VIEW, role, relation, risk)
    return "{team}" in path and role == "none"
