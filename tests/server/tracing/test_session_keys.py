from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from proto.encryption import EncryptionError, RunEncryptor
from server import keys
from server.errors import RowsLocked
from server.keys import KeysMissing
from server.tracing import session_keys
from tests.settings import ENV

RUN = uuid.uuid4()


@pytest.fixture
def session(server_keys: None) -> Iterator[uuid.UUID]:
    made = uuid.uuid4()
    yield made
    session_keys.destroy(made)


def path(session: uuid.UUID) -> Path:
    return ENV.session_keys / f"{session}.key"


def test_a_session_reads_what_was_wrapped_to_it(session: uuid.UUID) -> None:
    public = session_keys.create(session)
    assert session_keys.exists(session)
    one = RunEncryptor(RUN.bytes, public, os.urandom(32)).wrapped.wrapped_key
    another = RunEncryptor(RUN.bytes, public, os.urandom(32)).wrapped.wrapped_key
    found = {session_keys.data_key(session, RUN, wrapped) for wrapped in (one, one, another)}
    assert [len(found), *{len(key) for key in found}] == [2, 32]
    with pytest.raises(EncryptionError):
        session_keys.data_key(session, uuid.uuid4(), one)


def test_the_file_alone_is_of_no_use(session: uuid.UUID) -> None:
    """It is bound to its session and to a key that only the role web has."""
    wrapped = RunEncryptor(RUN.bytes, session_keys.create(session), os.urandom(32)).wrapped.wrapped_key
    other = uuid.uuid4()
    path(other).write_bytes(path(session).read_bytes())
    with pytest.raises(RowsLocked, match="of another server"):
        session_keys.data_key(other, RUN, wrapped)
    session_keys.destroy(other)


def test_ingest_destroys_and_cannot_read(session: uuid.UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = RunEncryptor(RUN.bytes, session_keys.create(session), os.urandom(32)).wrapped.wrapped_key
    data = tmp_path / "ingest"
    keys.ensure_ingest(data / "keys", ["localhost"])
    monkeypatch.setattr(settings, "ENV", replace(ENV, data=data))
    with pytest.raises(KeysMissing, match=r"payload\.key"):
        session_keys.data_key(session, RUN, wrapped)
    session_keys.destroy(session)
    assert not path(session).exists()


def test_destroyed_is_destroyed_and_whoever_asks_hears_what_opens_the_rows(session: uuid.UUID) -> None:
    wrapped = RunEncryptor(RUN.bytes, session_keys.create(session), os.urandom(32)).wrapped.wrapped_key
    session_keys.keep_open(session, RUN, os.urandom(32))
    session_keys.destroy(session)
    session_keys.destroy(session)
    assert not session_keys.readable(session, RUN)
    with pytest.raises(RowsLocked, match=f"fleetscope open {session}"):
        session_keys.data_key(session, RUN, wrapped)


def test_a_key_that_a_host_gave_out_again_opens_its_run_and_no_other(session: uuid.UUID) -> None:
    key, other = os.urandom(32), uuid.uuid4()
    session_keys.keep_open(session, RUN, key)
    assert session_keys.data_key(session, RUN, b"wrapped to a key that is gone") == key
    assert (session_keys.readable(session, RUN), session_keys.readable(session, other)) == (True, False)
    opened = ENV.session_keys / f"{session}.{RUN}.open"
    assert key not in opened.read_bytes()
    (ENV.session_keys / f"{session}.{other}.open").write_bytes(opened.read_bytes())
    with pytest.raises(RowsLocked, match="of another server"):
        session_keys.data_key(session, other, b"")


def test_what_was_opened_locks_again_in_time(session: uuid.UUID) -> None:
    session_keys.keep_open(session, RUN, os.urandom(32))
    session_keys.lock_opened(time.time() + session_keys.OPEN_SECONDS - 5)
    assert session_keys.readable(session, RUN)
    session_keys.lock_opened(time.time() + session_keys.OPEN_SECONDS + 5)
    assert not session_keys.readable(session, RUN)


def test_the_time_of_a_key_begins_anew(session: uuid.UUID) -> None:
    session_keys.create(session)
    os.utime(path(session), (0, 0))
    session_keys.refresh([session, uuid.uuid4()])
    ages = dict(session_keys.all_with_age(time.time()))
    assert 0 <= ages[session] < 60
