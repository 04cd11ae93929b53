"""Where the server listens and keeps its files: the environment, read once and checked."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

_LONGEST_HOURS = 24 * 365
_USUAL_PORTS = {"http": 80, "https": 443}


class EnvError(ValueError):
    """A variable of the environment cannot be used. The message names it and says what it may be."""


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Env:
    http: Address
    http_listen: Address
    https: bool
    grpc: Address
    grpc_listen: Address
    data: Path
    database_url: SplitResult | None
    database_owner_url: SplitResult | None  # of the role that owns the tables; `migrate` alone uses it
    channel_url: str
    segments: Path
    session_keys: Path
    approval_hosts: int  # a session on more hosts needs somebody's approval; 0: none does
    host_certificate: datetime.timedelta  # how long a host's certificate lives; renewed at half of it
    passkey_rp_id: str
    webhook_networks: list[str]  # private networks to which webhooks may be sent all the same
    proxies: list[str]  # addresses and networks whose X-Forwarded-For and -Proto are believed

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def grpc_names(self) -> list[str]:
        """What the gRPC server's certificate is made for."""
        wildcard = {"0.0.0.0", "::", "*"}  # noqa: S104 (names that no certificate carries)
        return sorted({self.grpc.host, self.grpc_listen.host, "localhost", "127.0.0.1", "::1"} - wildcard)

    @property
    def origin(self) -> str:
        """What a browser on the advertised address sends as Origin."""
        scheme, usual = ("https", 443) if self.https else ("http", 80)
        host = f"[{self.http.host}]" if ":" in self.http.host else self.http.host
        return f"{scheme}://{host}" + ("" if self.http.port == usual else f":{self.http.port}")


def read(environ: Mapping[str, str] = os.environ) -> Env:
    """Raises EnvError."""
    data = Path(environ.get("FLEETSCOPE_DATA") or "var").absolute() / "server"
    http_text = environ.get("FLEETSCOPE_HTTP") or "localhost:8000"
    scheme, found, rest = http_text.rpartition("://")
    http = _address("FLEETSCOPE_HTTP", rest, _USUAL_PORTS.get(scheme) if found else None)
    grpc = _address("FLEETSCOPE_GRPC", environ.get("FLEETSCOPE_GRPC") or "localhost:8443")
    return Env(
        http=http,
        http_listen=_optional("FLEETSCOPE_HTTP_LISTEN", environ, http),
        https=scheme == "https",
        grpc=grpc,
        grpc_listen=_optional("FLEETSCOPE_GRPC_LISTEN", environ, grpc),
        data=data,
        database_url=_database("DATABASE_URL", environ),
        database_owner_url=_owner(environ),
        channel_url=_channel(environ.get("CHANNEL_URL", "")),
        segments=Path(environ.get("FLEETSCOPE_SEGMENTS") or data / "segments").absolute(),
        session_keys=Path(environ.get("FLEETSCOPE_SESSION_KEYS") or data / "session-keys").absolute(),
        approval_hosts=_count("FLEETSCOPE_APPROVAL_HOSTS", environ.get("FLEETSCOPE_APPROVAL_HOSTS") or "50"),
        host_certificate=_hours("FLEETSCOPE_HOST_CERTIFICATE_HOURS", environ, 168),
        passkey_rp_id=_rp_id(environ.get("FLEETSCOPE_PASSKEY_RP_ID", ""), http.host),
        webhook_networks=_networks("FLEETSCOPE_WEBHOOK_NETWORKS", environ, "those that webhooks may reach"),
        proxies=_networks("FLEETSCOPE_PROXIES", environ, "the proxies, who are believed about addresses,"),
    )


def _optional(name: str, environ: Mapping[str, str], default: Address) -> Address:
    return _address(name, environ[name]) if environ.get(name) else default


def _address(name: str, text: str, default_port: int | None = None) -> Address:
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port or default_port
    except ValueError:
        parts, port = urlsplit("//"), None
    if not parts.hostname or not port or parts.path.strip("/"):
        raise EnvError(f"{name}={text!r} is not HOST:PORT; set it to an address such as localhost:8000")
    return Address(parts.hostname, port)


def _count(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise EnvError(f"{name}={text!r} is no whole number; give 0 or more")
    return int(text)


def _hours(name: str, environ: Mapping[str, str], default: int) -> datetime.timedelta:
    hours = _count(name, environ.get(name) or str(default))
    if not 1 <= hours <= _LONGEST_HOURS:
        raise EnvError(f"{name}={hours} is not usable; give 1 to {_LONGEST_HOURS} hours")
    return datetime.timedelta(hours=hours)


def _rp_id(text: str, host: str) -> str:
    """The host's name, or a domain above it when several servers share their passkeys."""
    if text and host != text and not host.endswith(f".{text}"):
        raise EnvError(
            f"FLEETSCOPE_PASSKEY_RP_ID={text!r} is no domain of {host}; give {host} or a domain that it ends with"
        )
    return text or host


def _networks(name: str, environ: Mapping[str, str], what: str) -> list[str]:
    """``what`` to name in place of everybody."""
    found = environ.get(name, "").replace(",", " ").split()
    for part in found:
        try:
            network = ip_network(part)
        except ValueError as error:
            raise EnvError(
                f"{name}: {part!r} is no address and no network ({error}); give some such as 10.0.0.7 10.1.0.0/24"
            ) from error
        if network.prefixlen == 0:
            raise EnvError(f"{name}: {part} is everybody; name {what} alone")
    return found


def _owner(environ: Mapping[str, str]) -> SplitResult | None:
    owner, application = (_database(name, environ) for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    if owner and (application is None or owner.username == application.username or not application.username):
        raise EnvError("DATABASE_OWNER_URL needs a DATABASE_URL that names another role; leave it out for one role")
    return owner


def _database(name: str, environ: Mapping[str, str]) -> SplitResult | None:
    text = environ.get(name)
    if not text:
        return None
    url = urlsplit(text)
    if url.scheme not in ("postgres", "postgresql"):
        raise EnvError(
            f"{name} has the scheme {url.scheme!r}; give postgresql://USER:PASSWORD@HOST/NAME or leave it out"
        )
    return url


def _channel(text: str) -> str:
    if text and urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise EnvError("CHANNEL_URL is not a Redis address; give redis://HOST:PORT/0 or leave it out")
    return text
