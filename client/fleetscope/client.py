"""One server, as methods."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from fleetscope import config
from fleetscope.errors import Refused
from fleetscope.following import Following
from fleetscope.models import (
    ApiToken,
    Filters,
    Host,
    HostAnswer,
    JoinToken,
    Limits,
    Me,
    Names,
    Opening,
    Program,
    Request,
    ScopeName,
    Session,
    Share,
    ShareMade,
    SignIn,
    Template,
    TemplateToken,
    User,
)
from fleetscope.quantities import budget_permille, duration_ms
from fleetscope.transport import Transport

PATIENCE_SECONDS = 60.0
_WHOLE_ID = 36
_PREFIX = 8
_SESSION_ID = re.compile(r"[0-9A-Za-z-]+")
_HOST_NAME = re.compile(r"[0-9A-Za-z_.-]*[0-9A-Za-z_-]")
_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_TOOL_NAME = re.compile(r"[0-9A-Za-z_.-]*[0-9A-Za-z_-]")


def _say_nothing(_: str) -> None:
    """Outages are of no interest to most programs."""


def connect(url: str | None = None, token: str | None = None) -> "Client":
    """A client for this server, else for FLEETSCOPE_URL or the stored login. Raises NotSignedIn."""
    address = config.normal_url(url) if url else config.current_url()
    return Client(address, token or config.token_for(address))


class Client:
    """Every method raises a FleetscopeError when the server says no or does not answer."""

    def __init__(self, url: str, token: str | None) -> None:
        self._transport = Transport(url, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    @property
    def url(self) -> str:
        return self._transport.url

    def sign_in(
        self,
        username: str,
        password: str,
        name: str,
        code: str = "",
        days: int = 90,
        *,
        scope: ScopeName = "all",
        risk: str = "s3",
    ) -> str:
        """A new token, good for so many days. `name` tells it apart from the user's other ones.

        `scope` and the highest class `risk` bound it below what the user may. Refused as "factor": give `code` too.
        """
        who = {"username": username, "password": password, "name": name, "code": code}
        body = {**who, "days": days, "scope": scope, "risk": risk}
        return str(self._transport.json("POST", "auth/token", body=body)["token"])

    def sign_out(self) -> None:
        """End this client's token."""
        self._transport.json("POST", "auth/logout")

    def me(self) -> Me:
        return cast(Me, self._transport.json("GET", "auth/me"))

    def set_password(self, password: str, current: str = "") -> None:
        """`current` may be empty only after signing in with a one-time password."""
        self._transport.json("POST", "auth/password", body={"password": password, "current": current})

    def sign_ins(self, user: str = "") -> list[SignIn]:
        """Browsers that are signed in as you, or, for an admin, as another person."""
        path = f"users/{_user(user)}/sign-ins" if user else "auth/sign-ins"
        return cast(list[SignIn], self._transport.json("GET", path))

    def end_sign_in(self, sign_in: str) -> int:
        self._transport.json("DELETE", f"auth/sign-ins/{_sign_in(sign_in)}")
        return 1

    def end_sign_ins(self, user: str = "") -> int:
        """Every browser of yours, or, for an admin, of another person; how many there were."""
        path = f"users/{_user(user)}/sign-ins" if user else "auth/sign-ins"
        return int(self._transport.json("DELETE", path)["ended"])

    def tokens(self, user: str = "") -> list[ApiToken]:
        """Yours, or, for an admin, another person's."""
        path = f"users/{_user(user)}/tokens" if user else "auth/tokens"
        return cast(list[ApiToken], self._transport.json("GET", path))

    def end_token(self, token: int, user: str = "") -> None:
        path = f"users/{_user(user)}/tokens" if user else "auth/tokens"
        self._transport.json("DELETE", f"{path}/{int(token)}")

    def users(self) -> list[User]:
        return cast(list[User], self._transport.json("GET", "users"))

    def add_user(self, username: str, role: str, password: str) -> None:
        body = {"username": username, "role": role, "password": password}
        self._transport.json("POST", "users", body=body)

    def hosts(self) -> list[Host]:
        return cast(list[Host], self._transport.json("GET", "hosts"))

    def join_token(self, host: str = "") -> JoinToken:
        """A single-use token, for the host of this name alone if one is given, and the command that joins with it."""
        return cast(JoinToken, self._transport.json("POST", "hosts/token", body={"host_name": host}))

    def names(self, kind: str, text: str = "", *, host: str | None = None, pid: int = 0, limit: int = 50) -> Names:
        """Names that a host has now: processes, functions, tracepoints... Without a host the only one is asked."""
        asked = host or self._only_host()
        body = {"kind": kind, "text": text, "pid": pid, "limit": limit}
        return cast(Names, self._transport.json("POST", f"hosts/{_host(asked)}/names", body=body))

    def _only_host(self) -> str:
        names = [host["name"] for host in self.hosts() if host["state"] != "revoked"]
        if len(names) != 1:
            raise Refused(f"say which host: {', '.join(names) or 'none has joined yet'}", code="invalid", field="host")
        return names[0]

    def tools(self) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], self._transport.json("GET", "tools"))

    def tool(self, name: str) -> dict[str, Any]:
        return cast(dict[str, Any], self._transport.json("GET", f"tools/{_tool(name)}"))

    def sessions(
        self,
        *,
        limit: int = 20,
        offset: int = 0,
        tool: str | None = None,
        state: str | None = None,
        user: str | None = None,
        team: str | None = None,
    ) -> tuple[list[Session], int]:
        """Newest first, and how many there are in all."""
        query = {"limit": limit, "offset": offset, "tool": tool, "state": state, "user": user, "team": team}
        given = {name: value for name, value in query.items() if value is not None}
        page = self._transport.json("GET", "sessions", query=given)
        return cast(list[Session], page["items"]), int(page["total"])

    def session(self, session_id: str) -> Session:
        """By id, or by a unique beginning of it of at least 8 characters."""
        return cast(Session, self._transport.json("GET", f"sessions/{_session(session_id)}"))

    def start(
        self,
        tool: str,
        *,
        hosts: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        filters: Filters | None = None,
        limits: Limits | None = None,
        duration: str | None = None,
        budget: str | None = None,
        reason: str = "",
        reveal: bool = False,
        team: str = "",
    ) -> Session:
        """`duration` ("10s") and `budget` ("3%") are short forms of entries in `limits`.

        `team` owns the session; it may be left out by who starts for one alone.

        `reveal` asks for rows as they are, secrets included, where the host's policy allows that.
        """
        bounds = _bounds(limits, duration, budget)
        order = _order(tool, hosts, labels, params, filters, bounds, reason, reveal=reveal, team=team)
        return cast(Session, self._transport.json("POST", "sessions", body=order))

    def ask(
        self,
        tool: str,
        *,
        minutes: int = 480,
        break_glass: bool = False,
        hosts: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        filters: Filters | None = None,
        limits: Limits | None = None,
        reason: str,
        reveal: bool = False,
        team: str = "",
    ) -> Request:
        """For a session that needs the agreement of others; it waits for them so long."""
        order = _order(tool, hosts, labels, params, filters, limits, reason, reveal=reveal, team=team)
        order |= {"minutes": minutes, "break_glass": break_glass}
        return cast(Request, self._transport.json("POST", "requests", body=order))

    def requests(self, state: str = "") -> list[Request]:
        """Newest first."""
        return cast(list[Request], self._transport.json("GET", "requests", query={"state": state})["items"])

    def request(self, request_id: str) -> Request:
        """By id, or by a unique beginning of it of at least 8 characters."""
        if len(request_id) == _WHOLE_ID:
            return cast(Request, self._transport.json("GET", f"requests/{_session(request_id)}"))
        found = [one for one in self.requests() if len(request_id) >= _PREFIX and one["id"].startswith(request_id)]
        if len(found) != 1:
            what = "several requests begin with" if found else "there is no request"
            raise Refused(f"{what} {request_id!r}; `fleetscope requests` lists them", code="not_found", field="request")
        return found[0]

    def answer(self, request_id: str, verb: str, body: Mapping[str, object]) -> Request:
        """`verb`: sign, approve, deny, withdraw or review."""
        return cast(Request, self._transport.json("POST", f"requests/{_session(request_id)}/{verb}", body=dict(body)))

    def start_approved(self, request_id: str) -> Session:
        """Its session, which has the same id."""
        return cast(Session, self._transport.json("POST", f"requests/{_session(request_id)}/start"))

    def ask_for_opening(self, session_id: str, reason: str) -> Opening:
        """The text that opens rows of risk class S3 once more, to be signed."""
        path = f"sessions/{_session(session_id)}/openings"
        return cast(Opening, self._transport.json("POST", path, body={"reason": reason}))

    def open_rows(self, session_id: str, opening_id: str, signature: dict[str, str] | None) -> list[HostAnswer]:
        """What each host said; its error is empty where the rows can be read now."""
        path, body = f"sessions/{_session(session_id)}/openings/{opening_id}", {"signature": signature}
        return cast(list[HostAnswer], self._transport.json("POST", path, body=body)["hosts"])

    def stop(self, session_id: str) -> None:
        """Ask its runs to stop. They end a moment later."""
        self._transport.json("POST", f"sessions/{_session(session_id)}/stop")

    def shares(self, session_id: str) -> list[Share]:
        """With whom it is shared, newest first."""
        return cast(list[Share], self._transport.json("GET", f"sessions/{_session(session_id)}/shares"))

    def share(self, session_id: str, *, person: str = "", team: str = "", hours: int | None = None) -> ShareMade:
        """With a person or the members of a team; with neither a link is made, whose secret is told only now.

        `hours` None: until it is ended; a link then ends after 7 days.
        """
        body = {"person": person, "team": team, "hours": hours}
        return cast(ShareMade, self._transport.json("POST", f"sessions/{_session(session_id)}/shares", body=body))

    def end_share(self, session_id: str, share: int) -> None:
        self._transport.json("DELETE", f"sessions/{_session(session_id)}/shares/{int(share)}")

    def templates(self) -> list[Template]:
        """One's own."""
        return cast(list[Template], self._transport.json("GET", "templates"))

    def keep_template(self, name: str, order: Mapping[str, object], schedule: str = "") -> Template:
        """`order`: what a start sends, with its tool."""
        body = {**order, "name": name, "schedule": schedule}
        return cast(Template, self._transport.json("POST", "templates", body=body))

    def remove_template(self, template: str) -> None:
        self._transport.json("DELETE", f"templates/{quote(template, safe='')}")

    def template_token(self, template: str) -> TemplateToken:
        """A new one, told only now; the one before ends."""
        return cast(TemplateToken, self._transport.json("POST", f"templates/{quote(template, safe='')}/token"))

    def end_template_token(self, template: str) -> None:
        self._transport.json("DELETE", f"templates/{quote(template, safe='')}/token")

    def row_blocks(
        self,
        session_id: str,
        *,
        stream: str = "",
        patience: float = PATIENCE_SECONDS,
        on_outage: Callable[[str], None] = _say_nothing,
    ) -> Iterator[bytes]:
        """The rows as blocks of whole NDJSON lines, as they arrive, all of them, until the session has ended.

        `stream`: only the rows of this one. A server that goes away is waited for; `on_outage` is told once each time.
        """
        return Following(
            self._transport, _session(session_id), patience=patience, on_outage=on_outage, stream=stream
        ).blocks()

    def rows(self, session_id: str, *, patience: float = PATIENCE_SECONDS) -> Iterator[dict[str, Any]]:
        """The rows as dictionaries, as they arrive, all of them, until the session has ended."""
        for block in self.row_blocks(session_id, patience=patience):
            yield from map(json.loads, block.splitlines())

    def program(self, session_id: str, host: str = "") -> Program:
        """What the host, or the first one that says so, compiled and loaded."""
        return cast(
            Program, self._transport.json("GET", f"sessions/{_session(session_id)}/program", query={"host": host})
        )

    def export(
        self,
        session_id: str,
        file_format: str,
        *,
        stream: str = "",
        direction: str = "",
        where: Mapping[str, Any] | None = None,
    ) -> AbstractContextManager[Iterator[bytes]]:
        """All stored rows as ndjson, csv, arrow, parquet, folded or raw, in chunks.

        `stream` is needed when the session has several. `direction`: of raw, only "in" or "out". `where`: only rows
        that pass, as `fleetscope.conditions.where` makes it.
        """
        query = {"format": file_format, "stream": stream, "direction": direction}
        if where is not None:
            query["where"] = json.dumps(where)
        return self._transport.stream(f"sessions/{_session(session_id)}/export", query)


def _order(
    tool: str,
    hosts: Sequence[str],
    labels: Mapping[str, str] | None,
    params: Mapping[str, str] | None,
    filters: Filters | None,
    limits: Limits | None,
    reason: str,
    *,
    reveal: bool,
    team: str,
) -> dict[str, object]:
    return {
        "tool": tool,
        "hosts": list(hosts),
        "labels": dict(labels or {}),
        "params": dict(params or {}),
        "filters": dict(filters or {}),
        "limits": dict(limits or {}),
        "reason": reason,
        "reveal": reveal,
        "team": team,
    }


def _bounds(limits: Limits | None, duration: str | None, budget: str | None) -> Limits:
    bounds: Limits = {**(limits or {})}
    if duration is not None:
        bounds["duration_ms"] = duration_ms(duration)
    if budget is not None:
        bounds["budget_permille"] = budget_permille(budget)
    return bounds


def _part(pattern: re.Pattern[str], text: str, problem: str, field: str) -> str:
    """It becomes a part of an address: anything else could be another address."""
    if not pattern.fullmatch(text):
        raise Refused(problem.format(repr(text)), code="not_found", field=field)
    return text


def _session(text: str) -> str:
    return _part(_SESSION_ID, text, "{} is no session id; `fleetscope sessions` lists them", "session")


def _user(text: str) -> str:
    return _part(_USER_NAME, text, "there is no user {}; `fleetscope users` lists them", "user")


def _sign_in(text: str) -> str:
    return _part(_SESSION_ID, text, "there is no sign-in {}; `fleetscope sign-ins` lists them", "id")


def _host(text: str) -> str:
    return _part(_HOST_NAME, text, "there is no host {}; `fleetscope hosts` lists them", "host")


def _tool(text: str) -> str:
    return _part(_TOOL_NAME, text, "there is no tool {}; `fleetscope tools` lists them", "tool")
