"""Requests over HTTP: look, sign, approve, deny, withdraw, review. To ask and to start: `tracing/request_api.py`."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.consent import requests, schemas
from server.consent.models import Request, RequestState
from server.consent.rights import permitted, requests_for

router = Router(tags=["requests"])
LISTED = 200


@router.get("", response=schemas.RequestList)
def list_requests(request: HttpRequest, state: str = "") -> dict[str, Any]:
    """Newest first, the last 200 that you may see."""
    user = person(request)
    require(user, Action.REQUEST_VIEW)
    asked = _requests().filter(**({"state": state} if state else {}))
    found = islice(requests_for(user, Action.REQUEST_VIEW, asked), LISTED)
    open_ones = _requests().filter(_waiting() | _review_due()).exclude(created_by=user)
    waiting = sum(1 for _ in requests_for(user, Action.SESSION_APPROVE, open_ones))
    return {"items": [schemas.request_out(one) for one in found], "waiting": waiting}


@router.get("/rules", response=schemas.Rules)
def rules(request: HttpRequest) -> dict[str, int]:
    require(person(request), Action.REQUEST_VIEW)
    return {"hosts": settings.ENV.approval_hosts}


@router.get("/{request_id}", response=schemas.RequestOut)
def get_request(request: HttpRequest, request_id: str) -> dict[str, Any]:
    return schemas.request_out(permitted(person(request), request_id, Action.REQUEST_VIEW))


@router.post("/{request_id}/sign", response=schemas.RequestOut)
def sign(request: HttpRequest, request_id: str, body: schemas.Signed) -> dict[str, Any]:
    """By who asked."""
    user = person(request)
    permitted(user, request_id, Action.SESSION_START)
    return schemas.request_out(requests.sign(user, request_id, body.signature))


@router.post("/{request_id}/approve", response=schemas.RequestOut)
def approve(request: HttpRequest, request_id: str, body: schemas.Approval) -> dict[str, Any]:
    """By somebody else, and on exactly what it says."""
    user = person(request)
    permitted(user, request_id, Action.SESSION_APPROVE)
    return schemas.request_out(requests.approve(user, request_id, body.signature))


@router.post("/{request_id}/deny", response=schemas.RequestOut)
def deny(request: HttpRequest, request_id: str, body: schemas.Denial) -> dict[str, Any]:
    """Also after others have approved, until the session starts."""
    user = person(request)
    permitted(user, request_id, Action.SESSION_APPROVE, body.reason)
    return schemas.request_out(requests.deny(user, request_id, body.reason))


@router.post("/{request_id}/withdraw", response=schemas.RequestOut)
def withdraw(request: HttpRequest, request_id: str) -> dict[str, Any]:
    """By who asked."""
    user = person(request)
    permitted(user, request_id, Action.SESSION_START)
    return schemas.request_out(requests.withdraw(user, request_id))


@router.post("/{request_id}/review", response=schemas.RequestOut)
def review(request: HttpRequest, request_id: str, body: schemas.Review) -> dict[str, Any]:
    """What somebody thinks of a session that broke the glass."""
    user = person(request)
    permitted(user, request_id, Action.SESSION_APPROVE, body.review)
    return schemas.request_out(requests.review(user, request_id, body.review))


def _waiting() -> Q:
    return Q(state=RequestState.WAITING, break_glass=False, expires_at__gt=timezone.now())


def _review_due() -> Q:
    return Q(state=RequestState.STARTED, break_glass=True, reviewed_by=None)


def _requests() -> QuerySet[Request]:
    return Request.objects.select_related("created_by", "reviewed_by", "team").prefetch_related("voices__person")
