"""Requests as people make them."""

from __future__ import annotations

import base64
from collections.abc import Callable

from server.accounts.models import User
from server.consent.models import Request
from server.consent.signing import SignatureIn
from server.tracing.approved import ask
from server.tracing.start import Order
from tests.server.fleet.hosts import make_host
from tests.signers import SshSigner

ADA, BOB = SshSigner(), SshSigner()
MakeUser = Callable[..., User]


def armoured(signer: SshSigner, payload: bytes) -> SignatureIn:
    """As `ssh-keygen -Y sign` prints it."""
    text = base64.b64encode(signer.sign(payload).ssh).decode()
    return SignatureIn(ssh=f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n")


def asked(user: MakeUser, *, people: int = 1, break_glass: bool = False, tool: str = "sslsniff") -> Request:
    """By ada, of web-1, whose policy wants so many signatures."""
    make_host("web-1", approvals_needed=people)
    order = Order(tool, hosts=["web-1"], reason="a customer's call")
    ada = user("tracer", "ada")
    ada.grants.update(break_glass=break_glass)
    return ask(ada, order, 60, break_glass=break_glass)


def signed_by_ada(request: Request) -> SignatureIn:
    return armoured(ADA, bytes(request.specification))


def signed_by_bob(request: Request) -> SignatureIn:
    return armoured(BOB, bytes(request.specification))
