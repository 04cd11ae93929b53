from __future__ import annotations

from pathlib import Path

import pytest

from server.accounts.models import Role
from server.env import EnvError
from server.oidc_settings import ROLES, read, secure

LEAST = {"FLEETSCOPE_OIDC_ISSUER": "https://id.example/realms/a", "FLEETSCOPE_OIDC_CLIENT_ID": "fleetscope"}


def test_without_an_issuer_there_is_no_provider() -> None:
    assert read({"FLEETSCOPE_OIDC_CLIENT_ID": "fleetscope"}) is None


def test_by_default_nobody_unknown_enters_and_nothing_counts_as_two_factors() -> None:
    found = read(LEAST)
    assert found is not None
    assert (found.name, found.new_people, found.groups_claim) == ("id.example", "", "groups")
    assert (found.group_roles, found.two_factors, found.secret_file) == ({}, frozenset(), None)


def test_everything_can_be_said(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch()
    more = {
        "CLIENT_SECRET_FILE": str(secret),
        "NAME": "Example",
        "NEW_PEOPLE": "viewer",
        "GROUPS_CLAIM": "teams",
        "GROUP_ROLES": "site reliability=tracer, a=b=admin",
        "TWO_FACTORS": "mfa, hwk",
    }
    found = read(LEAST | {f"FLEETSCOPE_OIDC_{name}": value for name, value in more.items()})
    assert found is not None
    assert (found.secret_file, found.name, found.new_people) == (secret, "Example", "viewer")
    assert (found.groups_claim, sorted(found.two_factors)) == ("teams", ["hwk", "mfa"])
    assert list(found.group_roles.items()) == [("site reliability", "tracer"), ("a=b", "admin")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://id.example"),
        ("ISSUER", "id.example"),
        ("CLIENT_ID", ""),
        ("CLIENT_SECRET_FILE", "/nowhere/secret"),
        ("NEW_PEOPLE", "root"),
        ("GROUP_ROLES", "ops"),
        ("GROUP_ROLES", "ops=root"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(EnvError, match=f"FLEETSCOPE_OIDC_{name}"):
        read(LEAST | {f"FLEETSCOPE_OIDC_{name}": value})


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://id.example", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost.example", False),
        ("http://10.0.0.7", False),
        ("https://", False),
        ("ftp://localhost", False),
        ("http://[", False),
    ],
)
def test_only_this_machine_may_go_without_tls(address: str, *, good: bool) -> None:
    assert secure(address) == good


def test_the_roles_are_those_of_people() -> None:
    assert list(ROLES) == Role.values
