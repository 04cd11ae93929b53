"""A person's templates over HTTP, and the address that an alert's webhook calls."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.security import HttpBearer
from pydantic import ConfigDict, Field

from server.accounts import guessing
from server.accounts.auth import address_of, changing, person
from server.audit.record import record_once
from server.errors import NotSignedIn
from server.templates import keep
from server.templates.begin import begin, narrowed
from server.templates.models import NAME_LENGTH, SCHEDULE_LENGTH, Template
from server.tracing import schemas
from server.tracing.api import order_of

router = Router(tags=["templates"])
hooks = Router(tags=["templates"])

TOKENS = "a template's token"  # no name of a person: those hold no spaces


class NewTemplate(schemas.NewSession):
    """What a start takes, with a name. `schedule`: a cron expression of five fields, in UTC."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=r"^[^\x00]*$")]
    schedule: Annotated[str, Field(max_length=SCHEDULE_LENGTH, pattern=r"^[^\x00]*$")] = ""


class TemplateOut(Schema):
    """`next_at`: when the schedule starts it. `last_*`: what came of the last time that something was to start it."""

    id: uuid.UUID
    name: str
    tool: str
    hosts: list[str]
    labels: dict[str, str]
    params: dict[str, str]
    reason: str
    team: str
    risk: schemas.RiskName
    schedule: str
    next_at: datetime.datetime | None
    created_at: datetime.datetime
    token_at: datetime.datetime | None
    last_at: datetime.datetime | None
    last_outcome: Literal["", "started", "refused", "skipped"]
    last_message: str
    last_session: uuid.UUID | None


class TokenMade(Schema):
    """`token` is shown only here; `url` is where a webhook sends it to."""

    token: str
    url: str


class Alert(Schema):
    """What an alert tells of itself; whatever else is in its body counts for nothing."""

    model_config = ConfigDict(extra="ignore")

    host: Annotated[str, Field(max_length=253, description="one of those that the template means")] = ""
    pid: schemas.U32 | None = None
    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class Begun(Schema):
    session: uuid.UUID
    url: str


@router.get("", response=list[TemplateOut])
def list_templates(request: HttpRequest) -> list[dict[str, Any]]:
    """One's own."""
    return [template_out(template) for template in person(request).templates.all()]


@router.post("", response={201: TemplateOut})
def keep_template(request: HttpRequest, body: NewTemplate) -> Status[dict[str, Any]]:
    """Of class S0 or S1, and nothing that needs approval: nobody is there when it starts."""
    return Status(201, template_out(keep.keep(person(request), body.name, order_of(body), body.schedule)))


@router.delete("/{template}", response={204: None})
def remove_template(request: HttpRequest, template: uuid.UUID) -> Status[None]:
    keep.remove(changing(request), template)
    return Status(204, None)


@router.post("/{template}/token", response={201: TokenMade})
def make_template_token(request: HttpRequest, template: uuid.UUID) -> Status[dict[str, str]]:
    """It starts this template and nothing else; one made before ends."""
    found, token = keep.new_token(changing(request), template)
    return Status(201, {"token": token, "url": f"{settings.ENV.origin}/api/hooks/{found.pk}"})


@router.delete("/{template}/token", response={204: None})
def end_template_token(request: HttpRequest, template: uuid.UUID) -> Status[None]:
    keep.end_token(changing(request), template)
    return Status(204, None)


class TemplateToken(HttpBearer):
    """django-ninja's ``auth``, asked before anything else is read; the template is then ``request.auth``."""

    def __call__(self, request: HttpRequest) -> Template:
        """The same answer whether there is no such template or another token. Raises NotSignedIn or TooMany."""
        address, wanted = (
            address_of(request),
            str(request.resolver_match.kwargs["template"] if request.resolver_match else ""),
        )
        guessing.check(TOKENS, None, address)
        found = super().__call__(request)
        if not isinstance(found, Template) or str(found.pk) != wanted.lower():
            guessing.failed(TOKENS, address)
            detail = {"address": address, "template_id": wanted[:36]}
            record_once("template.start", TOKENS, "refused", detail=detail)
            raise NotSignedIn("this token starts no such template; send the one that its owner was shown as bearer")
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Template | None:  # noqa: ARG002 (django-ninja's signature)
        return Template.objects.select_related("owner", "last_session").filter(digest=keep.digest(token)).first()


@hooks.post("/{template}", auth=TemplateToken(), response={201: Begun})
def start_template(request: HttpRequest, template: uuid.UUID, body: Alert) -> Status[dict[str, Any]]:  # noqa: ARG001
    """With the template's token as bearer. Starts nothing while the session that it started last still runs."""
    found: Template = request.auth  # type: ignore[attr-defined]  # django-ninja's
    session = begin(found, "webhook", narrowed(body.host, body.pid, body.reason))
    return Status(201, {"session": session.pk, "url": f"{settings.ENV.origin}/sessions/{session.pk}"})


def template_out(template: Template) -> dict[str, Any]:
    names = ("id", "name", "schedule", "created_at", "token_at", "last_at", "last_outcome", "last_message")
    told = {name: getattr(template, name) for name in names}
    order = {name: template.order[name] for name in ("tool", "hosts", "labels", "params", "reason", "team")}
    more = {"risk": f"s{template.risk}", "next_at": template.due_at, "last_session": template.last_session_id}
    return {**told, **order, **more}
