"""Functions by name in what a process has loaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.kernel.functions import find_functions
from agent.runner.compiler import AttachError
from agent.runner.mapped import find_mapped, mapped_modules, nothing_mapped

NOBODY = 2**22 + 1


def test_a_function_is_found_in_each_file_that_defines_it() -> None:
    ((places, function),) = find_mapped(mapped_modules("another", [os.getpid()]), "getppid", first=7)
    (expected,) = find_functions("c:getppid", os.getpid())
    assert (function.name, places.offsets, places.first) == ("getppid", [expected.offset], 7)
    assert places.name.endswith("/libc.so.6")
    assert Path(places.path).samefile(places.name)


def test_without_a_process_the_hosts_library_is_looked_at() -> None:
    ((places, _),) = find_mapped(mapped_modules("c", [-1]), "getppid", first=0)
    assert places.path.endswith("/libc.so.6")
    assert mapped_modules("nosuchlibrary", [-1]) == []


def test_what_nobody_defines_is_not_found() -> None:
    assert list(find_mapped(mapped_modules("c", [os.getpid()]), "no_such_function", first=0)) == []


def test_a_process_that_has_gone_is_said_to_be() -> None:
    with pytest.raises(AttachError, match=f"process {NOBODY} cannot be read"):
        mapped_modules("c", [NOBODY])


def test_several_processes_are_looked_at_and_each_file_once() -> None:
    own = mapped_modules("c", [os.getpid()])
    assert mapped_modules("c", [NOBODY, os.getpid(), os.getpid()]) == own
    with pytest.raises(AttachError, match=f"in none of 2 processes: process {NOBODY} cannot be read"):
        mapped_modules("c", [NOBODY, NOBODY + 1])
    assert nothing_mapped(["ssl:SSL_read"], [NOBODY, NOBODY + 1]) == (
        "none of 2 processes there has a program or library loaded that defines any of SSL_read"
    )


def test_nothing_found_names_what_was_looked_for() -> None:
    targets = ["ssl:SSL_read", "ssl:SSL_write", "gnutls:gnutls_record_send"]
    names = "SSL_read, SSL_write, gnutls_record_send"
    message = nothing_mapped(targets, [os.getpid()])
    assert message.startswith(f"process {os.getpid()} (") and message.endswith(f"defines any of {names}")
    assert "(has ended)" in nothing_mapped(targets, [NOBODY])
    assert nothing_mapped(targets, [-1]) == (
        f"this host has no library ssl or gnutls that defines any of {names}; give the pid of a process that has one"
    )
