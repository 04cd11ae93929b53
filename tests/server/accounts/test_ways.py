from __future__ import annotations

import os
import pwd

import pytest
from django.contrib.sessions.backends.base import SessionBase

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


def test_who_is_not_signed_in_has_an_address_alone() -> None:
    scope = {"client": ("10.0.0.1", 4711), "session": SessionBase("key")}
    assert ways.of_socket(scope) == {"address": "10.0.0.1"}
    assert ways.of_socket(scope | {"client": None}) == {"address": ""}
