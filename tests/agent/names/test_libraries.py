from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent.names.found import NotAnswered
from agent.names.libraries import libraries, linked, mapped, resolve, short_name
from proto.v1.agent_pb2 import Ask


def test_the_linkers_cache_gives_what_ldconfig_prints() -> None:
    listing = subprocess.check_output(["/sbin/ldconfig", "-p"], text=True).splitlines()
    wanted = {line.rpartition("=> ")[2] for line in listing if "libc6,x86-64" in line}
    found = linked()
    assert Path(found["c"]).name == "libc.so.6"
    assert found and set(found.values()) <= wanted


def test_a_process_has_the_files_whose_code_it_runs() -> None:
    found = mapped(os.getpid())
    assert "c" in found.values()
    assert all(path.startswith("/") for path in found)
    names = libraries(Ask(pid=os.getpid(), text="libc.so", limit=5)).names
    assert [(Path(name.value).name, name.detail) for name in names] == [("libc.so.6", "c")]


def test_a_short_name_means_the_processs_own_library_first() -> None:
    assert resolve("c", os.getpid()) in mapped(os.getpid())
    assert resolve("c", 0) == linked()["c"]
    assert resolve("/usr/bin/app", 0) == "/usr/bin/app"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/lib/libc.so.6", "c"),
        ("/lib/libgio-2.0.so.0", "gio-2.0"),
        ("/lib/ld-linux.so.2", ""),
        ("/usr/bin/python3", ""),
    ],
)
def test_short_names(path: str, name: str) -> None:
    assert short_name(path) == name


def test_errors_say_what_to_do() -> None:
    with pytest.raises(NotAnswered, match="there is no library nosuchlib; give its name"):
        resolve("nosuchlib", 0)
    with pytest.raises(NotAnswered, match="there is no process 4194303 on this host"):
        mapped(4194303)
