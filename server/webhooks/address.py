"""Where webhooks may be sent: public addresses, and networks that the deployment names."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from server.errors import Invalid

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(ValueError):
    """Nothing may be sent there. The message says why, and names no address that the name has."""


class Place(NamedTuple):
    """`address` is the one that was looked at, so it is the one to connect to."""

    parts: SplitResult
    address: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return self.parts._replace(netloc=f"{host}:{self.port}").geturl()


def check(url: str) -> None:
    """What can be said of it without asking who the name is. Raises Invalid."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"{url!r} is no address: {error}", field="url") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Invalid("give an address that begins with https:// or http:// and a host", field="url")
    if parts.username is not None or parts.password is not None:
        raise Invalid("leave the name and password out of the address: what is sent there is signed", field="url")
    if parts.fragment:
        raise Invalid("leave out what follows the # of the address: it is never sent", field="url")
    if not url.isascii() or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise Invalid("write the address in ASCII, without spaces", field="url")


def origin(url: str) -> str:
    """What the audit keeps of it: the rest of an address is often its secret. Empty for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") if host and parts.scheme in _PORTS else ""


def find(url: str, allowed: Sequence[str]) -> Place:
    """Every address of the name must be one to send to. Asks the resolver. Raises AddressRefused, OSError."""
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    networks = [ipaddress.ip_network(network) for network in allowed]
    for address in addresses:
        if not may_reach(address, networks):
            raise AddressRefused(
                f"{parts.hostname} is in a private or local network, where nothing is sent; who runs the server can "
                "allow it with FLEETSCOPE_WEBHOOK_NETWORKS"
            )
    return Place(parts, str(addresses[0]), port)


def may_reach(address: Ip, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    meant = _within(address)
    if any(meant in network for network in networks):
        return True
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def _within(address: Ip) -> Ip:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    nat64 = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or nat64 or address
