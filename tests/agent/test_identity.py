from __future__ import annotations

from pathlib import Path

import pytest

from agent import identity
from tests.agent.support.pki import Authority


def test_what_is_saved_is_loaded_and_only_root_can_read_it(tmp_path: Path) -> None:
    own = Authority().identity("localhost:8443")
    folder = tmp_path / "identity"
    identity.save(folder, own)
    assert identity.load(folder) == own
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_host_that_has_not_joined_is_told_what_to_do(tmp_path: Path) -> None:
    assert not identity.joined(tmp_path)
    with pytest.raises(identity.IdentityError, match="fleetscope hosts token"):
        identity.load(tmp_path)


def test_a_damaged_identity_says_so(tmp_path: Path) -> None:
    identity.save(tmp_path / "identity", Authority().identity("localhost:8443"))
    (tmp_path / "identity/host.key").unlink()
    with pytest.raises(identity.IdentityError, match="join again"):
        identity.load(tmp_path / "identity")
    (tmp_path / "identity/server.json").write_text("{")
    with pytest.raises(identity.IdentityError, match="join again"):
        identity.load(tmp_path / "identity")
