"""Signing in at a browser, step by step, and confirming who one is before a change of how one signs in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from server.accounts import factors, schemas, steps, tokens
from server.accounts.auth import address_of, changing
from server.accounts.models import TOKEN_DAYS
from server.accounts.signin import check_password
from server.audit.record import record
from server.errors import FactorNeeded, Forbidden

router = Router(tags=["accounts"])

Code = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]
Days = Annotated[int, Field(ge=1, le=tokens.MAX_DAYS)]


class Login(Schema):
    username: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]
    password: schemas.Password


class TokenTerms(Schema):
    """`read` changes nothing, `trace` also starts and stops sessions; both up to the class `risk`.

    `people` is for accounts, members and grants alone, which `all` is not for, and ends after a day.
    """

    days: Days = TOKEN_DAYS
    scope: schemas.ScopeName = "all"
    risk: schemas.RiskName = "s3"

    @property
    def reach(self) -> tokens.Reach:
        return tokens.Reach.named(self.scope, self.risk)


class TokenRequest(Login, TokenTerms):
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] = "fleetscope command"
    code: Code = ""


class Token(Schema):
    token: str


class CodeIn(Schema):
    code: Code


class PasswordIn(Schema):
    password: schemas.Password


class PasskeyAnswer(Schema):
    """What `PublicKeyCredential.toJSON()` gives."""

    credential: dict[str, Any]


class Step(Schema):
    """`done`: signed in. `factor`: show a second factor. `enrol`: set one up, your role needs it."""

    step: Literal["done", "factor", "enrol"]
    username: str
    methods: list[Literal["passkey", "totp", "recovery"]]
    me: schemas.Me | None


@router.post("/login", response=Step, auth=None)
def log_in(request: HttpRequest, body: Login) -> dict[str, Any]:
    """With a password: the first step, and the last one for a person without a second factor."""
    user = check_password(body.username, body.password, address_of(request))
    return step_out(steps.first(request, user, "one-time password" if user.one_time else "password"))


@router.post("/login/code", response=Step, auth=None)
def log_in_code(request: HttpRequest, body: CodeIn) -> dict[str, Any]:
    """The second step: the authenticator app's code, or a recovery code, which is then used up."""
    return step_out(steps.code(request, body.code))


@router.post("/login/passkey", response=Step, auth=None)
def log_in_passkey(request: HttpRequest, body: PasskeyAnswer) -> dict[str, Any]:
    """The second step, or a whole sign-in: a passkey is two factors in one."""
    return step_out(steps.passkey(request, body.credential))


@router.post("/login/enrolled", response=Step, auth=None)
def log_in_enrolled(request: HttpRequest) -> dict[str, Any]:
    """The last step after setting up the second factor that the role needs."""
    return step_out(steps.enrolled(request))


@router.post("/passkey/options", response=dict[str, Any], auth=None)
def passkey_options(request: HttpRequest) -> dict[str, Any]:
    """For `navigator.credentials.get`; the answer goes to `login/passkey` or `confirm/passkey`."""
    return steps.challenge(request)


@router.post("/confirm", response={204: None})
def confirm(request: HttpRequest, body: PasswordIn) -> Status[None]:
    """Prove again who you are, without a second factor; good for 15 minutes in this browser."""
    steps.confirm_password(request, changing(request), body.password)
    return Status(204, None)


@router.post("/confirm/code", response={204: None})
def confirm_code(request: HttpRequest, body: CodeIn) -> Status[None]:
    steps.confirm_code(request, changing(request), body.code)
    return Status(204, None)


@router.post("/confirm/passkey", response={204: None})
def confirm_passkey(request: HttpRequest, body: PasskeyAnswer) -> Status[None]:
    steps.confirm_passkey(request, changing(request), body.credential)
    return Status(204, None)


@router.post("/token", response=Token, auth=None)
def make_token(request: HttpRequest, body: TokenRequest) -> dict[str, str]:
    """For the command, which has no browser: the password and, for who has a second factor, a code."""
    address, reach = address_of(request), body.reach
    user = check_password(body.username, body.password, address)
    owned = factors.of(user)
    if owned.any and not body.code:
        if owned.methods == ["passkey"]:
            raise Forbidden("your second factor is a passkey: make a token in the browser's Settings instead")
        raise FactorNeeded("a code of your authenticator app or a recovery code is needed too", field="code")
    if not owned.any and factors.demanded(user):
        raise Forbidden("your role needs a second factor: sign in with the browser once and set it up")
    how = f"password+{steps.check_code(user, body.code, address)}" if owned.any else "password"
    with transaction.atomic():
        detail = {"name": body.name, "days": body.days, **reach.facts, "address": address, "how": how}
        record("account.token", user.username, detail=detail)
        return {"token": tokens.mint(user, body.name, body.days, reach)}


def step_out(step: steps.Step) -> dict[str, Any]:
    me = schemas.me(step.user) if step.name == "done" else None
    return {"step": step.name, "username": step.user.username, "methods": step.methods, "me": me}
