from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from agent.link import account
from agent.link.account import FIRST_UID, LAST_UID, Account, link_account


def test_every_state_folder_has_an_unprivileged_user_of_its_own(tmp_path: Path) -> None:
    one, other = link_account(tmp_path / "one"), link_account(tmp_path / "other")
    assert one != other
    assert one == link_account(tmp_path / "one")
    for found in (one, other):
        assert found.uid == found.gid and FIRST_UID <= found.uid <= LAST_UID


def test_the_packages_user_is_taken_where_it_exists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(account, "PACKAGED_USER", "nobody")
    nobody = pwd.getpwnam("nobody")
    assert link_account(tmp_path) == Account(nobody.pw_uid, nobody.pw_gid)
