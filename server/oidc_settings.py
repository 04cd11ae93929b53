"""Which OpenID provider people may sign in with: the environment, read once and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from server.env import EnvError

ROLES = ("viewer", "tracer", "approver", "auditor", "admin")
_PREFIX = "FLEETSCOPE_OIDC_"


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str
    client_id: str
    secret_file: Path | None  # None: a public client, which PKCE alone protects
    name: str
    new_people: str  # the role of who has no account yet; "": such people stay out
    groups_claim: str
    group_roles: Mapping[str, str]  # the first that fits decides, before `new_people`
    two_factors: frozenset[str]  # values of `acr` and `amr` that stand for two factors


def read(environ: Mapping[str, str] = os.environ) -> Provider | None:
    """None without an issuer. Raises EnvError."""
    issuer = environ.get(f"{_PREFIX}ISSUER", "")
    if not issuer:
        return None
    if not secure(issuer):
        raise EnvError(f"{_PREFIX}ISSUER={issuer!r} is not usable; give its https:// address as the provider writes it")
    client_id = environ.get(f"{_PREFIX}CLIENT_ID", "")
    if not client_id:
        raise EnvError(f"{_PREFIX}CLIENT_ID is missing; give the client that {issuer} knows this server as")
    return Provider(
        issuer=issuer,
        client_id=client_id,
        secret_file=_file(environ.get(f"{_PREFIX}CLIENT_SECRET_FILE", "")),
        name=environ.get(f"{_PREFIX}NAME") or urlsplit(issuer).hostname or issuer,
        new_people=_role("NEW_PEOPLE", environ.get(f"{_PREFIX}NEW_PEOPLE", "")),
        groups_claim=environ.get(f"{_PREFIX}GROUPS_CLAIM") or "groups",
        group_roles=_group_roles(environ.get(f"{_PREFIX}GROUP_ROLES", "")),
        two_factors=frozenset(environ.get(f"{_PREFIX}TWO_FACTORS", "").replace(",", " ").split()),
    )


def secure(address: str) -> bool:
    """An https address, or one on this machine itself."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _file(text: str) -> Path | None:
    if not text:
        return None
    if not Path(text).is_file():
        raise EnvError(
            f"{_PREFIX}CLIENT_SECRET_FILE={text!r} is no file; put the client's secret there, or leave it out"
        )
    return Path(text)


def _role(name: str, text: str) -> str:
    if text and text not in ROLES:
        raise EnvError(f"{_PREFIX}{name}: there is no role {text!r}; give one of {', '.join(ROLES)}")
    return text


def _group_roles(text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, equals, role = part.rpartition("=")
        if not group or not equals or not role:
            raise EnvError(f"{_PREFIX}GROUP_ROLES: {part!r} is not GROUP=ROLE; give some such as sre=tracer, ops=admin")
        found[group.strip()] = _role("GROUP_ROLES", role.strip())
    return found
