"""The people, teams, hosts and sessions of the matrix, and one way into them."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass
from uuid import UUID

from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from proto.listing import pack
from proto.specification import Terms, specification
from proto.v1.agent_pb2 import Envelope, RunTarget
from server.accounts import sign_ins, tokens
from server.accounts.models import Grant, Risk, Team, User
from server.consent.models import Request
from server.fleet.models import Host
from server.templates.models import Template
from server.tracing import listings
from server.tracing.models import Session, Share
from server.tracing.start import Order
from server.webhooks.models import Webhook
from tests.server.accounts.matrix import PATHS, PROOFS, QUERIES, RELATIONS, RISKS, SECRET
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team
from tests.server.tracing.opened import asked_for
from tests.server.tracing.sessions import LISTING, traced

Cell = tuple[str, str, str, int]  # verb, path, relation, risk


@dataclass
class World:
    person: User
    cookies: dict[str, str]
    sessions: dict[tuple[str, int], Session]
    shares: dict[tuple[str, int], int]
    requests: dict[tuple[str, int], Request]
    openings: dict[tuple[str, int], UUID]
    spare: Grant
    tokens: dict[str, int]
    sign_in: str
    webhook: UUID
    template: UUID
    bearer: str = ""  # the API token to come in with, else the browser

    def answer(self, cell: Cell, instead: object = None) -> HttpResponseBase:
        """``instead`` of the body that the matrix sends."""
        verb, path, relation, risk = cell
        session = str(self.sessions[relation, risk].pk)
        names = {"session": session, "session_id": session, "host": "host-1", "name": "opensnoop"}
        names["share"] = str(self.shares[relation, risk])
        names["opening_id"] = str(self.openings[relation, risk])
        names["request_id"] = str(self.requests[relation, risk].pk)
        names["token"] = str(self.tokens["person" if path.startswith("/api/auth") else "colleague"])
        names |= {"sign_in": self.sign_in, "username": "colleague", "passkey": "1", "team": "ours"}
        names |= {"webhook": str(self.webhook), "template": str(self.template)}
        target = path.format(number=self.spare.pk, **names)
        body = PATHS[verb, path][1]
        if self.bearer:
            body = PROOFS.get((verb, path), body)
        body = body if instead is None else instead
        told = None if body is None else json.loads(json.dumps(body).replace(SECRET, f"{SECRET}{session}"))
        return self.send(verb, target + QUERIES.get(path, ""), told)

    def send(self, verb: str, target: str, body: object = None) -> HttpResponseBase:
        data = "" if body is None else json.dumps(body)
        client = Client(headers={"authorization": f"Bearer {self.bearer}"} if self.bearer else None)
        if not self.bearer:
            client.cookies.load(self.cookies)  # in a new client: a way in may sign the person out
        return client.generic(verb, target, data, "application/json")


def world(role: str) -> World:
    """Of one person with this role."""
    person, colleague = (User.objects.create(username=name, password="!") for name in ("person", "colleague"))
    everywhere = role in ("admin", "auditor")
    if role != "none":
        grant(person, role, None if everywhere else team("ours"), risk=Risk.S3 if everywhere else Risk.S2)
    spare = grant(colleague, "viewer", team("ours"))
    make_host("host-1", online=False)
    cells = [(relation, risk) for relation in RELATIONS for risk in RISKS]
    owners = {relation: person if relation == "own" else colleague for relation in RELATIONS}
    sessions = {(relation, risk): _session(owners[relation], relation, risk) for relation, risk in cells}
    for name in ("ours", "theirs"):
        grant(colleague, "tracer", team(name))
    shares = {cell: _share(session, person if cell[0] == "shared" else None) for cell, session in sessions.items()}
    asked = {(relation, risk): _request(owners[relation], relation, risk) for relation, risk in cells}
    opened = {cell: asked_for(session, person).pk for cell, session in sessions.items()}
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    made = {user.username: _token(user) for user in (person, colleague)}
    webhook = Webhook.objects.create(team=team("ours"), url="https://example.org/", secret=b"")
    template = Template.objects.create(owner=person, name="kept", order=asdict(Order("syscount")), risk=Risk.S1)
    sign_in = sign_ins.of(person).get().public_id
    return World(person, cookies, sessions, shares, asked, opened, spare, made, sign_in, webhook.pk, template.pk)


def _token(user: User) -> int:
    tokens.mint(user, "command line", 1)
    return user.tokens.get().pk


def _session(owner: User, relation: str, risk: int) -> Session:
    made = traced(owner)
    made.end()
    listings.keep(made.runs[0].pk, pack(LISTING))
    made.session.refresh_from_db()
    made.session.team, made.session.risk = _team(relation), risk
    made.session.save()
    return made.session


def _share(session: Session, person: User | None) -> int:
    """With the person, if one is given, and by a link."""
    if person is not None:
        Share.objects.create(session=session, person=person, created_by=session.created_by)
    digest = hashlib.sha256(f"{SECRET}{session.pk}".encode()).hexdigest()
    return Share.objects.create(session=session, digest=digest, created_by=session.created_by).pk


def _request(owner: User, relation: str, risk: int) -> Request:
    host = Host.objects.get(name="host-1")
    draft = Envelope(tool="opensnoop", runs=[RunTarget(host_id=str(host.pk), host_name=host.name)])
    return Request.objects.create(
        created_by=owner,
        expires_at=timezone.now() + datetime.timedelta(hours=1),
        tool=draft.tool,
        hosts=[host.name],
        team=_team(relation),
        risk=risk,
        needed=1,
        signed=False,
        specification=specification(draft, Terms(0, 1)),
        draft=draft.SerializeToString(),
    )


def _team(relation: str) -> Team:
    return team("theirs" if relation in ("other", "shared") else "ours")


def refused(response: HttpResponseBase) -> bool:
    """Also as what does not exist for this person."""
    assert response.status_code < 500, getattr(response, "content", b"")
    return response.status_code in (401, 403, 404)
