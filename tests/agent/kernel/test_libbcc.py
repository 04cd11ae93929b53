"""What the library brings along, and what its header defines."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.kernel import libbcc
from agent.kernel.libbcc import bpf_header, defined_names, library_path

HEADER = """
#ifndef _UAPI__LINUX_BPF_H__
#define PLAIN 1
  #define INDENTED(x) (x)
/* struct commented { */
struct whole { int member; };
struct only_declared;
typedef unsigned int number_t;
enum colours { RED, BLUE = 2, /* enum hidden { */
#define GREEN 3
    YELLOW };
enum { NAMELESS = 1 };
#define HELPERS(FN) FN(unspec), FN(map_lookup_elem, 1)
"""


def test_every_kind_of_name_is_found() -> None:
    names = defined_names(HEADER)
    assert names.tags == {"whole", "colours"}
    assert names.typedefs == {"number_t"}
    assert {"PLAIN", "INDENTED", "RED", "BLUE", "GREEN", "YELLOW", "NAMELESS"} <= names.constants
    assert {"BPF_FUNC_unspec", "BPF_FUNC_map_lookup_elem"} <= names.constants


def test_the_installed_librarys_header_is_whole() -> None:
    header = bpf_header(library_path())
    assert header.startswith("#ifndef _UAPI__LINUX_BPF_H__")
    assert header.rstrip().endswith("#endif /* _UAPI__LINUX_BPF_H__ */") or header.rstrip().endswith("#endif")
    names = defined_names(header)
    assert {"bpf_attr", "bpf_map_type", "bpf_insn"} <= names.tags
    assert {"BPF_MAP_TYPE_RINGBUF", "BPF_FUNC_ringbuf_reserve", "BPF_F_USER_STACK"} <= names.constants


def test_a_library_without_the_header_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "libbcc.so.0"
    other.write_bytes(b"\x7fELF nothing here")
    with pytest.raises(ValueError, match="not supported; install python3-bpfcc"):
        bpf_header(other)


def test_a_host_without_bcc_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libbcc, "_FOLDERS", ())
    with pytest.raises(FileNotFoundError, match="install the package python3-bpfcc"):
        library_path()
