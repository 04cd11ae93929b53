from __future__ import annotations

from pathlib import Path

import pytest

from proto.trust import opened
from server import authority, keys, pki
from server.errors import Conflict

NAMES = ["localhost"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.ensure_ingest(tmp_path, NAMES)
    return tmp_path


def test_until_a_rotation_there_is_one_authority_and_no_list(folder: Path) -> None:
    found = authority.fingerprints(folder)
    assert (found.present, found.coming, found.generation) == (keys.ca_fingerprint(folder), "", 0)
    assert found.signing == found.present
    assert authority.trust(folder) is None
    assert authority.trusted(folder) == [keys.ca_certificate(folder)]
    with pytest.raises(Conflict, match="no rotation is under way"):
        authority.finish(folder, NAMES)


def test_a_rotation_signs_with_the_new_one_and_shows_the_old_one_until_its_end(folder: Path) -> None:
    old, shown = keys.ca_certificate(folder), keys.grpc_identity(folder)
    begun = authority.begin(folder)
    assert keys.ca_certificate(folder) == old
    assert keys.grpc_identity(folder) == shown
    new = authority.signing(folder)
    assert new.certificate.public_key() == new.key.public_key()
    assert authority.trusted(folder) == [old, new.certificate]
    listed = authority.trust(folder)
    assert listed is not None
    assert opened(listed, [old]).authorities == (old, new.certificate)
    with pytest.raises(Conflict, match="under way"):
        authority.begin(folder)
    ended = authority.finish(folder, NAMES)
    assert (ended.present, ended.coming, ended.generation) == (begun.coming, "", 2)
    assert authority.trusted(folder) == [new.certificate]
    assert authority.signing(folder).key.public_key() == new.key.public_key()
    assert keys.grpc_identity(folder)[1].endswith(pki.pem(new.certificate))
    last = authority.trust(folder)
    assert last is not None
    for known in (old, new.certificate):
        assert opened(last, [known]).authorities == (new.certificate,)
    assert authority.begin(folder).generation == 3
    assert {path.name for path in (folder / "ingest").iterdir()} == {
        "audit.key",
        "ca.key",
        "ca-next.key",
        "grpc.crt",
        "grpc.key",
    }


def test_a_finish_that_was_cut_short_goes_on(folder: Path) -> None:
    authority.begin(folder)
    new = authority.signing(folder)
    (folder / "public/ca-next.crt").replace(folder / "public/ca.crt")
    authority.begin(folder)
    assert keys.ca_key(folder).public_key() == new.key.public_key()


def test_a_begin_that_was_cut_short_can_be_repeated(folder: Path) -> None:
    authority.begin(folder)
    (folder / "public/ca-next.crt").unlink()
    assert authority.fingerprints(folder).coming == ""
    again = authority.begin(folder)
    assert (again.generation, authority.fingerprints(folder).coming) == (2, again.coming)
