from __future__ import annotations

import ipaddress
import socket

import pytest

from server.errors import Invalid
from server.webhooks.address import AddressRefused, check, find, may_reach, origin

PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo of 127.0.0.1
)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_of_the_world_is_not_reached(address: str) -> None:
    assert not may_reach(ipaddress.ip_address(address), [])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are(address: str) -> None:
    assert may_reach(ipaddress.ip_address(address), [])


def test_a_network_that_the_deployment_names_is_too_and_no_other() -> None:
    named = [ipaddress.ip_network("10.0.0.0/8")]
    assert may_reach(ipaddress.ip_address("10.9.9.9"), named)
    assert may_reach(ipaddress.ip_address("::ffff:10.9.9.9"), named)
    assert not may_reach(ipaddress.ip_address("192.168.1.1"), named)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "gopher://example.org",
        "https://",
        "example.org/hook",
        "https://user:pw@example.org/",
        "https://user@example.org/",
        "https://example.org/#top",
        "https://example.org:99999/",
        "https://exämple.org/",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://[::1",
    ],
)
def test_what_is_no_address_to_send_to_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check(url)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://hooks.example.org/services/T0/B0/secret?key=x#y", "https://hooks.example.org"),
        ("http://user:secret@example.org:8080/", "http://example.org:8080"),
        ("https://[2606:4700::1111]/secret", "https://[2606:4700::1111]"),
        ("secret", ""),
        ("https://[::1", ""),
    ],
)
def test_the_audit_keeps_no_more_than_where_it_is(url: str, kept: str) -> None:
    assert origin(url) == kept


def test_https_and_http_with_a_host_are_fine() -> None:
    for url in ("https://example.org/hook?x=1", "http://example.org:8080/", "https://[2606:4700::1111]/"):
        check(url)
    assert find("http://127.0.0.1:8080/a?b=c", ["127.0.0.0/8"]).url == "http://127.0.0.1:8080/a?b=c"


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://2130706433/"])
def test_this_machine_in_any_writing_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused, match="FLEETSCOPE_WEBHOOK_NETWORKS"):
        find(url, [])


def test_one_private_address_among_those_of_a_name_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(AddressRefused):
        find("https://example.org/", [])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both[:1])
    assert find("https://example.org/x", []).url == "https://8.8.8.8:443/x"
