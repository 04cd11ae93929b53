"""Errors that a person meets over HTTP: one line each, naming the thing, the cause and what to do."""

from __future__ import annotations


class ApiError(Exception):
    """Becomes ``{"error": {"code", "message", "field"}}`` with its status."""

    status = 400
    code = "bad_request"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def body(self) -> dict[str, dict[str, str | None]]:
        return {"error": {"code": self.code, "message": self.message, "field": self.field}}


class NotSignedIn(ApiError):
    status, code = 401, "not_signed_in"


class Forbidden(ApiError):
    status, code = 403, "forbidden"


class FactorNeeded(ApiError):
    """The password is right; a code has to come with it."""

    status, code = 401, "factor"


class ConfirmFirst(ApiError):
    """Signed in, but too long ago for this: prove again who you are, then repeat the request."""

    status, code = 428, "confirm"


class ForeignOrigin(ApiError):
    status, code = 403, "origin"


class NotFound(ApiError):
    status, code = 404, "not_found"


class WrongMethod(ApiError):
    status, code = 405, "method"


class Conflict(ApiError):
    status, code = 409, "conflict"


class WrongHost(ApiError):
    """The name by which the request calls the server is none of its own."""

    status, code = 400, "host"


class RowsLocked(ApiError):
    """What was encrypted is still there, and the server has no key of it."""

    status, code = 423, "rows_locked"


class Gone(ApiError):
    """Whoever asked has left; nobody reads this."""

    status, code = 499, "gone"


class Invalid(ApiError):
    status, code = 422, "invalid"


class TooMany(ApiError):
    status, code = 429, "too_many"


class NoAnswer(ApiError):
    """A host was asked and said nothing in time. No error of the server, whose log has nothing to say of it."""

    status, code = 409, "no_answer"


class ProviderFailed(ApiError):
    """The OpenID provider cannot be asked who somebody is."""

    status, code = 502, "provider"


class Internal(ApiError):
    status, code = 500, "internal"


class DatabaseUnavailable(ApiError):
    """It is away, or its disk is full."""

    status, code = 503, "database_unavailable"


class AuditUnavailable(ApiError):
    """No audit, no start."""

    status, code = 503, "audit_unavailable"
