"""Every way in of the server and what it leaves in the audit, or why nothing: declared once, executed one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

from django.http import HttpResponse, HttpResponseBase
from django.test import Client

from proto.v1.agent_pb2 import Names
from server.accounts.credentials import SignInRule
from server.accounts.models import User
from server.consent.models import Request, RequestState
from server.fleet import asking
from tests.server.accounts.authenticator import Authenticator
from tests.server.accounts.managing import RESET, begin_passkey, make_inactive, reset_factors
from tests.server.accounts.matrix import OPEN
from tests.server.accounts.oidc import Lying, leave, lying_provider
from tests.server.accounts.signing_in import add_app, add_passkey, answer, code_of, log_in, post, signed
from tests.server.accounts.world import World
from tests.server.conftest import PASSWORD
from tests.server.consent.requests import ADA, armoured
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team
from tests.server.templates.acts import call_one, keep_one
from tests.server.tracing.opened import OPENING, OPENINGS, locked_in

Act = Callable[[World], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Leaves:
    """Entries in their order, as `action` or `action:outcome`, when a person of the role does it in the matrix's world.

    `act` does more than one request would; `relation` is whose session or request it is about.
    """

    entries: tuple[str, ...]
    role: str = "admin"
    body: object = None
    act: Act | None = None
    relation: str = "own"


@dataclass(frozen=True, slots=True)
class Silent(Leaves):
    """Leaves nothing when it is allowed, and `why`; a refusal is an entry all the same."""

    entries: tuple[str, ...] = ()
    why: str = ""


def leaves(*entries: str, role: str = "admin", body: object = None, act: Act | None = None) -> Leaves:
    return Leaves(entries, role, body, act)


def silent(why: str, act: Act | None = None) -> Leaves:
    return Silent(act=act, why=why)


def _account(act: Callable[[Client], HttpResponseBase]) -> Act:
    """In a browser of the world's person that has just signed in with the password."""

    def acted(world: World) -> HttpResponseBase:
        return act(_in(world))

    return acted


def _in(world: World) -> Client:
    _with_password(world)
    return log_in(world.person.username)


def _with_password(world: World) -> None:
    world.person.set_password(PASSWORD)
    world.person.save()


def _log_in(world: World) -> HttpResponseBase:
    _with_password(world)
    return post(Client(), "login", {"username": "person", "password": PASSWORD})


def _log_in_code(world: World) -> HttpResponseBase:
    secret, _ = add_app(_in(world))
    return post(log_in("person"), "login/code", {"code": code_of(secret)})


def _log_in_passkey(world: World) -> HttpResponseBase:
    device = Authenticator()
    add_passkey(_in(world), device)
    browser = Client()
    return post(browser, "login/passkey", signed(browser, device))


def _log_in_enrolled(world: World) -> HttpResponseBase:
    SignInRule.objects.create(role="admin")
    browser = _in(world)
    add_app(browser)
    return post(browser, "login/enrolled")


def _make_token(world: World) -> HttpResponseBase:
    _with_password(world)
    return post(Client(), "token", {"username": "person", "password": PASSWORD})


def _confirm_code(world: World) -> HttpResponseBase:
    browser = _in(world)
    secret, _ = add_app(browser)
    return post(browser, "confirm/code", {"code": code_of(secret)})


def _confirm_passkey(world: World) -> HttpResponseBase:
    browser, device = _in(world), Authenticator()
    add_passkey(browser, device)
    return post(browser, "confirm/passkey", signed(browser, device))


def _confirm_app(browser: Client) -> HttpResponseBase:
    secret = answer(browser, "factors/totp")["secret"]
    return post(browser, "factors/totp/confirm", {"code": code_of(secret, 0)})


def _add_passkey(browser: Client) -> HttpResponseBase:
    challenge = answer(browser, "factors/passkeys/options")["challenge"]
    return post(browser, "factors/passkeys", {"name": "laptop", "credential": Authenticator().make(challenge)})


def _remove_app(browser: Client) -> HttpResponseBase:
    add_app(browser)
    return browser.delete("/api/auth/factors/totp")


def _remove_passkey(browser: Client) -> HttpResponseBase:
    add_passkey(browser, Authenticator())
    (found,) = browser.get("/api/auth/factors").json()["passkeys"]
    return browser.delete(f"/api/auth/factors/passkeys/{found['id']}")


def _renew_recovery(browser: Client) -> HttpResponseBase:
    add_app(browser)
    return post(browser, "factors/recovery")


def _oidc_begin(_: World) -> HttpResponseBase:
    with lying_provider():
        return post(Client(), "oidc/begin")


def _oidc_finish(_: World) -> HttpResponseBase:
    with lying_provider(NEW_PEOPLE="viewer") as lying:
        lying.claims = {"preferred_username": "zoe"}
        browser = Client()
        return post(browser, "oidc/finish", {"state": leave(browser, lying)["state"], "code": "c"})


def _oidc_link(world: World) -> HttpResponseBase:
    with lying_provider() as lying:
        return _link(_in(world), lying)


def _oidc_unlink(world: World) -> HttpResponseBase:
    browser = _in(world)
    with lying_provider() as lying:
        _link(browser, lying)
        return browser.delete("/api/auth/oidc/identity")


def _link(browser: Client, lying: Lying) -> HttpResponse:
    return post(browser, "oidc/finish", {"state": leave(browser, lying, "link")["state"], "code": "c"})


def _remove_team(world: World) -> HttpResponseBase:
    team("spare")
    return world.send("DELETE", "/api/teams/spare")


def _names(world: World) -> HttpResponseBase:
    make_host("web-1")

    with patch.object(asking, "_answer", lambda *_: Names()):
        return world.send("POST", "/api/hosts/web-1/names", {"kind": "process"})


def _start(world: World) -> HttpResponseBase:
    make_host("web-1")
    return world.send("POST", "/api/sessions", {"tool": "opensnoop", "hosts": ["web-1"]})


def _ask(world: World) -> HttpResponseBase:
    make_host("web-1")
    return world.send("POST", "/api/requests", {"tool": "opensnoop", "hosts": ["web-1"], "reason": "slow"})


def _asked(world: World) -> Request:
    assert _ask(world).status_code == 201
    return Request.objects.get(reason="slow")


def _sign(world: World) -> HttpResponseBase:
    request = _asked(world)
    signature = armoured(ADA, bytes(request.specification)).model_dump(exclude_none=True)
    return world.send("POST", f"/api/requests/{request.pk}/sign", {"signature": signature})


def _start_approved(world: World) -> HttpResponseBase:
    request, colleague = _asked(world), User.objects.get(username="colleague")
    grant(colleague, "approver", request.team)
    other = Client()
    other.force_login(colleague, backend="django.contrib.auth.backends.ModelBackend")
    assert other.post(f"/api/requests/{request.pk}/approve", {}, "application/json").status_code == 200
    return world.send("POST", f"/api/requests/{request.pk}/start", {})


def _review(world: World) -> HttpResponseBase:
    found = world.requests["team", 1]
    Request.objects.filter(pk=found.pk).update(break_glass=True, state=RequestState.STARTED)
    return world.send("POST", f"/api/requests/{found.pk}/review", {"review": "fine"})


LISTS = "names what there is, no rows; looking at rows is an entry"
OWN = "a person's own account, read by that person"
FIGURES = "figures of the whole server, of no person and no row"
NEXT = "one step of several: the next one, which does something, is an entry"
PUBLIC = "nobody has signed in yet, and it tells nothing about anybody"
_FACTOR = ("account.login", "account.factor_add")

OPERATIONS: dict[tuple[str, str], Leaves] = {
    ("GET", "/api/health"): silent(PUBLIC),
    ("POST", "/api/auth/login"): leaves("account.login", act=_log_in),
    ("POST", "/api/auth/token"): leaves("account.token", act=_make_token),
    ("POST", "/api/auth/login/code"): leaves(*_FACTOR, "account.login:asked", "account.login", act=_log_in_code),
    ("POST", "/api/auth/login/passkey"): leaves(*_FACTOR, "account.login", act=_log_in_passkey),
    ("POST", "/api/auth/login/enrolled"): leaves(
        "account.login:asked", "account.factor_add", "account.login", act=_log_in_enrolled
    ),
    ("POST", "/api/auth/passkey/options"): silent(NEXT),
    ("GET", "/api/auth/oidc"): silent(PUBLIC),
    ("GET", "/api/auth/oidc/identity"): silent(OWN),
    ("GET", "/api/auth/me"): silent(OWN),
    ("POST", "/api/auth/logout"): leaves("account.logout"),
    ("POST", "/api/auth/password"): leaves(
        "account.login",
        "account.password",
        act=_account(lambda one: post(one, "password", {"current": PASSWORD, "password": "another long secret"})),
    ),
    ("POST", "/api/auth/tokens"): leaves(
        "account.login", "account.token", act=_account(lambda one: post(one, "tokens", {"name": "ci"}))
    ),
    ("POST", "/api/auth/confirm"): leaves(
        "account.login", "account.confirm", act=_account(lambda one: post(one, "confirm", {"password": PASSWORD}))
    ),
    ("POST", "/api/auth/confirm/code"): leaves(*_FACTOR, "account.confirm", act=_confirm_code),
    ("POST", "/api/auth/confirm/passkey"): leaves(*_FACTOR, "account.confirm", act=_confirm_passkey),
    ("GET", "/api/auth/factors"): silent(OWN),
    ("POST", "/api/auth/factors/totp"): leaves("account.login", act=_account(lambda one: post(one, "factors/totp"))),
    ("POST", "/api/auth/factors/totp/confirm"): leaves(*_FACTOR, act=_account(_confirm_app)),
    ("DELETE", "/api/auth/factors/totp"): leaves(*_FACTOR, "account.factor_remove", act=_account(_remove_app)),
    ("POST", "/api/auth/factors/passkeys/options"): leaves("account.login", act=_account(begin_passkey)),
    ("POST", "/api/auth/factors/passkeys"): leaves(*_FACTOR, act=_account(_add_passkey)),
    ("DELETE", "/api/auth/factors/passkeys/{passkey}"): leaves(
        *_FACTOR, "account.factor_remove", act=_account(_remove_passkey)
    ),
    ("POST", "/api/auth/factors/recovery"): leaves(*_FACTOR, "account.factor_add", act=_account(_renew_recovery)),
    ("GET", "/api/auth/sign-ins"): silent(OWN),
    ("DELETE", "/api/auth/sign-ins"): leaves("account.sign_out"),
    ("DELETE", "/api/auth/sign-ins/{sign_in}"): leaves("account.sign_out"),
    ("GET", "/api/auth/tokens"): silent(OWN),
    ("DELETE", "/api/auth/tokens/{token}"): leaves("account.token_end"),
    ("GET", "/api/users/{username}/sign-ins"): leaves("user.view"),
    ("DELETE", "/api/users/{username}/sign-ins"): leaves("user.sign_out"),
    ("GET", "/api/users/{username}/tokens"): leaves("user.view"),
    ("DELETE", "/api/users/{username}/tokens/{token}"): leaves("account.token_end"),
    ("GET", "/api/auth/rule"): silent(LISTS),
    ("PUT", "/api/auth/rule"): leaves("account.rule"),
    ("POST", "/api/users/{username}/reset-factors"): leaves(*RESET, act=_account(reset_factors)),
    ("GET", "/api/me/rights"): silent(OWN),
    ("GET", "/api/users"): silent(LISTS),
    ("POST", "/api/users"): leaves("user.add"),
    ("PATCH", "/api/users/{username}"): leaves("account.login", "user.change", act=_account(make_inactive)),
    ("GET", "/api/teams"): silent(LISTS),
    ("POST", "/api/teams"): leaves("team.add"),
    ("PATCH", "/api/teams/{team}"): leaves("team.change"),
    ("PUT", "/api/teams/{team}/members/{username}"): leaves("team.change"),
    ("DELETE", "/api/teams/{team}/members/{username}"): leaves("team.change"),
    ("GET", "/api/teams/{team}/webhooks"): silent(LISTS),
    ("POST", "/api/teams/{team}/webhooks"): leaves("webhook.change", body={"url": "https://93.184.216.34/"}),
    ("DELETE", "/api/teams/{team}/webhooks/{webhook}"): leaves("webhook.change"),
    ("POST", "/api/teams/{team}/webhooks/{webhook}/test"): leaves("webhook.change"),
    ("GET", "/api/grants"): silent(LISTS),
    ("POST", "/api/grants"): leaves("grant.change"),
    ("PUT", "/api/grants/{number}"): leaves("grant.change"),
    ("DELETE", "/api/grants/{number}"): leaves("grant.change"),
    ("GET", "/api/audit"): leaves("audit.view"),
    ("GET", "/api/audit/export"): leaves("audit.export"),
    ("GET", "/api/tools"): silent(LISTS),
    ("GET", "/api/tools/{name}"): silent(LISTS),
    ("GET", "/api/hosts"): silent(LISTS),
    ("POST", "/api/hosts/token"): leaves("host.token"),
    ("GET", "/api/hosts/{host}"): silent(LISTS),
    ("PATCH", "/api/hosts/{host}"): leaves("host.change"),
    ("POST", "/api/hosts/{host}/switch"): leaves("host.switch"),
    ("POST", "/api/hosts/{host}/revoke"): leaves("host.revoke"),
    ("GET", "/api/fleet/switch"): silent(LISTS),
    ("POST", "/api/fleet/switch"): leaves("fleet.switch"),
    ("GET", "/api/metrics"): silent(FIGURES),
    ("GET", "/api/storage"): silent(FIGURES),
    ("PUT", "/api/storage"): leaves("storage.change"),
    ("GET", "/api/sessions"): silent(LISTS),
    ("GET", "/api/sessions/{session}"): silent(LISTS),
    ("GET", "/api/sessions/{session}/program"): leaves("session.view"),
    ("DELETE", "/api/sessions/{session}"): leaves("session.delete"),
    ("POST", "/api/sessions/{session}/stop"): leaves("session.stop"),
    ("GET", "/api/sessions/{session_id}/rows"): leaves("session.view"),
    ("GET", "/api/sessions/{session_id}/export"): leaves("session.export"),
    ("POST", "/api/sessions/{session_id}/query"): leaves("session.view"),
    ("GET", "/api/sessions/{session}/shares"): silent(LISTS),
    ("POST", "/api/sessions/{session}/shares"): leaves("session.share"),
    ("DELETE", "/api/sessions/{session}/shares/{share}"): leaves("session.unshare"),
    ("POST", OPENINGS): silent("nothing is opened before somebody signs", act=locked_in(OPENINGS)),
    ("POST", OPENING): leaves("session.open", "session.open:refused", act=locked_in(OPENING)),
    ("POST", OPEN): Leaves(("session.view",), "tracer", relation="other"),
    ("GET", "/api/requests"): silent(LISTS),
    ("GET", "/api/requests/rules"): silent(LISTS),
    ("GET", "/api/requests/{request_id}"): silent(LISTS),
    ("POST", "/api/auth/oidc/begin"): silent(NEXT, _oidc_begin),
    ("POST", "/api/auth/oidc/finish"): leaves("user.add", "grant.change", "account.login", act=_oidc_finish),
    ("POST", "/api/auth/oidc/link"): leaves("account.login", "account.identity_add", act=_oidc_link),
    ("DELETE", "/api/auth/oidc/identity"): leaves(
        "account.login", "account.identity_add", "account.identity_remove", act=_oidc_unlink
    ),
    ("DELETE", "/api/teams/{team}"): leaves("team.change", act=_remove_team),
    ("POST", "/api/hosts/{host}/names"): leaves("host.ask", role="tracer", act=_names),
    ("POST", "/api/sessions"): leaves("session.start", role="tracer", act=_start),
    ("GET", "/api/templates"): silent(OWN),
    ("POST", "/api/templates"): leaves("template.change", role="tracer", act=keep_one),
    ("DELETE", "/api/templates/{template}"): leaves("template.change"),
    ("POST", "/api/templates/{template}/token"): leaves("template.change"),
    ("DELETE", "/api/templates/{template}/token"): leaves("template.change"),
    ("POST", "/api/hooks/{template}"): leaves("session.start", role="tracer", act=call_one),
    ("POST", "/api/requests"): leaves("request.ask", role="tracer", act=_ask),
    ("POST", "/api/requests/{request_id}/approve"): Leaves(("request.approve",), "approver", relation="team"),
    ("POST", "/api/requests/{request_id}/deny"): Leaves(("request.deny",), "approver", relation="team"),
    ("POST", "/api/requests/{request_id}/review"): leaves("request.review", role="approver", act=_review),
    ("POST", "/api/requests/{request_id}/sign"): leaves("request.ask", "request.sign", role="tracer", act=_sign),
    ("POST", "/api/requests/{request_id}/withdraw"): leaves("request.withdraw", role="tracer"),
    ("POST", "/api/requests/{request_id}/start"): leaves(
        "request.ask", "request.approve", "session.start", role="tracer", act=_start_approved
    ),
}
SOCKETS: dict[str, Leaves] = {
    "ws/fleet": silent("tells that something has changed, not what"),
    "ws/sessions/<str:session>": leaves("session.view"),
}
STREAMS = "what a host reports of a session is in that session's entries; only what is refused has one of its own"
RPCS: dict[str, Leaves] = {
    "Enrolment.Enroll": leaves("host.join"),
    "AgentLink.Control": silent(STREAMS),
    "AgentLink.Data": silent(STREAMS),
}
SERVES = "runs the server, as the machine's own journal says; what people do there is on record"
WHOLE = "tells whether the record is whole and shows no entry; it has to work on a copy that nobody may write"
# Name of the command: what it is called with, and what that leaves.
COMMANDS: dict[str, tuple[str, Leaves]] = {
    "run": ("run", silent(SERVES)),
    "web": ("web", silent(SERVES)),
    "ingest": ("ingest", silent(SERVES)),
    "migrate": ("migrate", silent(SERVES)),
    "onetime": ("onetime", leaves("grant.change", "grant.change", "account.one_time")),
    "token": ("token ann", leaves("account.token")),
    "user_add": ("user add zoe --role none", leaves("user.add")),
    "user_password": ("user password ann", leaves("user.change")),
    "user_rename": ("user rename ann anna", leaves("user.rename")),
    "user_reset": ("user reset ann", leaves("user.reset_factors")),
    "user_list": ("user list", silent(LISTS)),
    "team_list": ("team list", silent(LISTS)),
    "team_add": ("team add web", leaves("team.add")),
    "team_remove": ("team remove ours", leaves("team.change")),
    "team_rename": ("team rename ours us", leaves("team.change")),
    "team_join": ("team join ours ann", leaves("team.change")),
    "team_leave": ("team leave ours ann", leaves("team.change")),
    "grant_list": ("grant list", silent(LISTS)),
    "grant_add": ("grant add viewer --person ann --every-team", leaves("grant.change")),
    "grant_remove": ("grant remove {grant}", leaves("grant.change")),
    "storage_show": ("storage show", silent(FIGURES)),
    "storage_set": ("storage set --days 30", leaves("storage.change")),
    "storage_sweep": ("storage sweep", leaves("session.expire")),
    "audit_verify": ("audit verify", silent(WHOLE)),
    "audit_witnesses": ("audit witnesses", silent(WHOLE)),
    "audit_crosscheck": ("audit crosscheck web-1 {log}", leaves("audit.view")),
    "audit_export": ("audit export {file}", leaves("audit.export")),
    "ca_show": ("ca show", silent(FIGURES)),
    "ca_rotate": ("ca rotate", leaves("ca.rotate")),
    "ca_finish": ("ca finish", leaves("ca.finish")),
}
