from __future__ import annotations

import os
import pwd

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from server.accounts import ways


def test_a_console_is_told_by_who_became_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert ways.of_console() == {"console": pwd.getpwuid(os.getuid()).pw_name}
    monkeypatch.setenv("SUDO_USER", "ann")
    assert ways.of_console() == {"console": "ann"}


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)

    def nobody() -> str:
        raise KeyError(4711)

    monkeypatch.setattr("getpass.getuser", nobody)
    assert ways.of_console() == {"console": str(os.getuid())}


def asked(address: str, told: str) -> HttpRequest:
    request = RequestFactory(headers={"x-forwarded-for": told} if told else None).get("/", REMOTE_ADDR=address)
    request.session = SessionBase()
    return request


@pytest.mark.parametrize(
    ("address", "told", "unnamed"),
    [
        ("10.0.0.1", "", False),
        ("10.0.0.1", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.7", False),
        ("192.0.2.7", "198.51.100.1, 192.0.2.7", False),
    ],
)
def test_an_address_that_is_a_proxy_without_a_name_is_told_as_such(address: str, told: str, unnamed: bool) -> None:
    assert ("unnamed_proxy" in ways.of_request(asked(address, told))) == unnamed


def test_a_proxy_without_a_name_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    way = ways.Way(lambda _: HttpResponse())
    for _ in range(3):
        way(asked("10.0.0.99", "192.0.2.7"))
    (entry,) = caplog.records
    assert "10.0.0.99 forwards requests and is not named in FLEETSCOPE_PROXIES" in entry.getMessage()


def test_who_is_not_signed_in_has_an_address_alone() -> None:
    scope = {"client": ("10.0.0.1", 4711), "session": SessionBase("key")}
    assert ways.of_socket(scope) == {"address": "10.0.0.1"}
    assert ways.of_socket(scope | {"client": None}) == {"address": ""}
