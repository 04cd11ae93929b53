from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.tracing.store import known
from server.tracing.store.known import Known


def test_a_file_is_read_again_once_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST", 2)
    looked: list[str] = []

    def read(path: Path) -> str:
        looked.append(path.name)
        return path.read_text()

    values, paths = Known(read), [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("old")
    assert [values.of(path) for path in (paths[0], paths[0], paths[1])] == ["old"] * 3
    paths[0].write_text("new")
    os.utime(paths[0], ns=(1, 1))
    assert (values.of(paths[0]), looked) == ("new", ["a", "b", "a"])
    values.of(paths[2])
    assert (values.of(paths[0]), looked[3:]) == ("new", ["c", "a"]), "the oldest was let go"


def test_what_cannot_be_read_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "number"
    values = Known(lambda path: int(path.read_text()))
    with pytest.raises(FileNotFoundError):
        values.of(path)
    path.write_text("none")
    for _ in range(2):
        with pytest.raises(ValueError, match="none"):
            values.of(path)
