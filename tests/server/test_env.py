from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from server.env import Address, EnvError, read


def test_without_variables_everything_is_local() -> None:
    env = read({})
    assert (str(env.http), str(env.grpc)) == ("localhost:8000", "localhost:8443")
    assert env.data == Path("var/server").absolute()
    assert env.segments == env.data / "segments"
    assert env.database_url is None
    assert env.origin == "http://localhost:8000"


def test_listen_and_advertised_addresses_are_apart() -> None:
    env = read({"FLEETSCOPE_GRPC": "trace.example:443", "FLEETSCOPE_GRPC_LISTEN": "0.0.0.0:8443"})
    assert env.grpc == Address("trace.example", 443)
    assert env.grpc_listen == Address("0.0.0.0", 8443)


def test_https_is_part_of_the_address() -> None:
    env = read({"FLEETSCOPE_HTTP": "https://trace.example", "FLEETSCOPE_HTTP_LISTEN": "[::]:8000"})
    assert env.https
    assert env.origin == "https://trace.example"
    assert str(env.http_listen) == "[::]:8000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLEETSCOPE_HTTP", "localhost"),
        ("FLEETSCOPE_HTTP", "localhost:80000"),
        ("FLEETSCOPE_GRPC", "a:b:c"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_OWNER_URL", "mysql://localhost/x"),
        ("DATABASE_OWNER_URL", "postgresql://owner@db/x"),
        ("CHANNEL_URL", "amqp://localhost"),
        ("FLEETSCOPE_WEBHOOK_NETWORKS", "intranet"),
        ("FLEETSCOPE_WEBHOOK_NETWORKS", "0.0.0.0/0"),
        ("FLEETSCOPE_PROXIES", "*"),
        ("FLEETSCOPE_PROXIES", "proxy.example"),
        ("FLEETSCOPE_PROXIES", "10.0.0.7 0.0.0.0/0"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(EnvError, match=name):
        read({name: value})


def test_passkeys_are_bound_to_the_host_or_a_domain_above_it() -> None:
    assert read({}).passkey_rp_id == "localhost"
    assert read({"FLEETSCOPE_HTTP": "https://trace.example.net"}).passkey_rp_id == "trace.example.net"
    shared = {"FLEETSCOPE_HTTP": "https://trace.example.net", "FLEETSCOPE_PASSKEY_RP_ID": "example.net"}
    assert read(shared).passkey_rp_id == "example.net"
    for name in ("other.example", "ample.net"):
        with pytest.raises(EnvError, match="is no domain of trace"):
            read(shared | {"FLEETSCOPE_PASSKEY_RP_ID": name})


def test_no_proxy_is_believed_unless_it_is_named() -> None:
    assert read({}).proxies == []
    assert read({"FLEETSCOPE_PROXIES": "10.0.0.7, 10.1.0.0/24 ::1"}).proxies == ["10.0.0.7", "10.1.0.0/24", "::1"]


def test_a_hosts_certificate_lives_a_week_unless_said_otherwise() -> None:
    assert read({}).host_certificate == datetime.timedelta(days=7)
    assert read({"FLEETSCOPE_HOST_CERTIFICATE_HOURS": "24"}).host_certificate == datetime.timedelta(hours=24)
    for text in ("0", "8761", "1.5"):
        with pytest.raises(EnvError, match="FLEETSCOPE_HOST_CERTIFICATE_HOURS="):
            read({"FLEETSCOPE_HOST_CERTIFICATE_HOURS": text})


def test_the_grpc_server_is_known_by_its_names_on_this_machine_too() -> None:
    env = read({"FLEETSCOPE_GRPC": "trace.example.net:8443", "FLEETSCOPE_GRPC_LISTEN": "0.0.0.0:8443"})
    assert env.grpc_names == ["127.0.0.1", "::1", "localhost", "trace.example.net"]
