from __future__ import annotations

import json
from dataclasses import replace
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
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_other_credentials_take_the_place_of_the_old_ones_at_once(tmp_path: Path) -> None:
    authority, folder = Authority(), tmp_path / "identity"
    first = authority.identity("localhost:8443")
    identity.save(folder, first)
    before = (folder / identity.SERVER).read_bytes()
    second = replace(authority.identity("localhost:8443"), host_id=first.host_id, trust_generation=2)
    identity.save(folder, second)
    assert identity.load(folder) == second
    assert len(list(folder.glob("credentials-*"))) == 1
    identity.save(folder, first)
    assert (folder / identity.SERVER).read_bytes() == before, "the file that names them is all that decides"


def test_a_host_that_joined_before_certificates_were_renewed_is_known(tmp_path: Path) -> None:
    own, folder = Authority().identity("localhost:8443"), tmp_path / "identity"
    identity.save(folder, own)
    (credentials,) = folder.glob("credentials-*")
    for path in credentials.iterdir():
        path.rename(folder / path.name)
    server = json.loads((folder / identity.SERVER).read_bytes())
    del server["credentials"], server["trust_generation"]
    (folder / identity.SERVER).write_text(json.dumps(server))
    assert identity.load(folder) == own
    identity.save(folder, own)
    assert not (folder / identity.KEY).exists()
    assert identity.load(folder) == own


def test_a_host_that_has_not_joined_is_told_what_to_do(tmp_path: Path) -> None:
    assert not identity.joined(tmp_path)
    with pytest.raises(identity.IdentityError, match="fleetscope hosts token"):
        identity.load(tmp_path)


def test_a_damaged_identity_says_so(tmp_path: Path) -> None:
    identity.save(tmp_path / "identity", Authority().identity("localhost:8443"))
    (key,) = (tmp_path / "identity").rglob("host.key")
    key.unlink()
    with pytest.raises(identity.IdentityError, match="join again"):
        identity.load(tmp_path / "identity")
    (tmp_path / "identity/server.json").write_text("{")
    with pytest.raises(identity.IdentityError, match="join again"):
        identity.load(tmp_path / "identity")
