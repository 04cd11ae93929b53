"""The HTTP API in one piece: routers, authentication, and one shape for every error."""

from __future__ import annotations

import logging

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from server import complaints, refusals
from server.accounts import api as accounts
from server.accounts import audit_api, factors_api, oidc_api, sign_ins_api, signin_api, teams_api, tokens_api
from server.accounts.auth import Authenticated
from server.catalog import api as catalog
from server.errors import ApiError, DatabaseUnavailable, Internal, Invalid
from server.fleet import api as fleet
from server.fleet import names_api
from server.templates import api as templates
from server.tracing import api as tracing
from server.tracing import data_api, metrics_api, opening_api, request_api, rights_api, shares_api, storage_api
from server.webhooks import api as webhooks

log = logging.getLogger(__name__)

api = NinjaAPI(title="Fleetscope", version="1", auth=Authenticated(), docs_url="/docs", urls_namespace="api")
api.add_router("/auth", accounts.auth)
api.add_router("/auth", signin_api.router)
api.add_router("/auth", factors_api.router)
api.add_router("/auth/oidc", oidc_api.router)
api.add_router("/auth/sign-ins", sign_ins_api.own)
api.add_router("/users", accounts.users)
api.add_router("/users", sign_ins_api.others)
api.add_router("/auth/tokens", tokens_api.own)
api.add_router("/users", tokens_api.others)
api.add_router("/teams", teams_api.router)
api.add_router("/teams", webhooks.router)
api.add_router("/grants", teams_api.grants_router)
api.add_router("/me", rights_api.router)
api.add_router("/audit", audit_api.router)
api.add_router("/tools", catalog.router)
api.add_router("/hosts", fleet.router)
api.add_router("/hosts", names_api.router)
api.add_router("/fleet", fleet.fleet)
api.add_router("/metrics", metrics_api.router)
api.add_router("/sessions", tracing.router)
api.add_router("/sessions", data_api.router)
api.add_router("/sessions", shares_api.router)
api.add_router("/sessions", opening_api.router)
api.add_router("/requests", request_api.router)
api.add_router("/storage", storage_api.router)
api.add_router("/templates", templates.router)
api.add_router("/hooks", templates.hooks)


@api.get("/health", auth=None, response=dict[str, bool], tags=["server"])
def health(request: HttpRequest) -> dict[str, bool]:  # noqa: ARG001 (django-ninja passes it by name)
    return {"ok": True}


@api.exception_handler(ApiError)
def _own(request: HttpRequest, error: ApiError) -> HttpResponse:
    return api.create_response(request, error.body(), status=error.status)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _own(request, complaints.invalid(error.errors[0]))


@api.exception_handler(RawPostDataException)
def _form(request: HttpRequest, _: RawPostDataException) -> HttpResponse:
    return _own(request, Invalid("this takes JSON, not a form: send it with Content-Type: application/json"))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return refusals.missing(request, error)


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    body = {"error": {"code": "bad_request", "message": " ".join(str(error).split()), "field": None}}
    return api.create_response(request, body, status=error.status_code)


@api.exception_handler(OperationalError)
def _no_database(request: HttpRequest, error: OperationalError) -> HttpResponse:
    log.error("%s %s failed: %s", request.method, request.path, error)
    reason = " ".join(str(error).split())
    message = f"the server's database fails, so nothing was changed: {reason}; check it and its disk, then try again"
    return _own(request, DatabaseUnavailable(message))


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    message = f"the server failed at this request ({type(error).__name__}); its log says more"
    return _own(request, Internal(message))
