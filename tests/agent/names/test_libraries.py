from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.kernel.modules import find_modules
from agent.names.found import NotAnswered
from agent.names.libraries import libraries, short_name
from proto.v1.agent_pb2 import Ask


def test_a_process_has_the_files_whose_code_it_runs() -> None:
    found = libraries(Ask(pid=os.getpid(), text="libc.so", limit=5))
    assert [(Path(name.value).name, name.detail) for name in found.names] == [("libc.so.6", "c")]
    assert all(name.value.startswith("/") for name in libraries(Ask(pid=os.getpid(), limit=200)).names)


def test_every_short_name_means_the_library_that_it_is_told_with() -> None:
    found = libraries(Ask(text="ss", limit=20))
    assert found.total >= len(found.names) > 0
    for name in found.names:
        (module,) = find_modules(name.value, -1)
        assert module.path == name.detail


@pytest.mark.parametrize(
    ("path", "name"),
    [("/lib/libc.so.6", "c"), ("libgio-2.0.so.0", "gio-2.0"), ("/lib/ld-linux.so.2", ""), ("/usr/bin/python3", "")],
)
def test_short_names(path: str, name: str) -> None:
    assert short_name(path) == name


def test_a_process_that_has_ended() -> None:
    with pytest.raises(NotAnswered, match="process 4194303 cannot be read"):
        libraries(Ask(pid=4194303))
