"""C++ and Rust names as people write them, by the demanglers of the libraries that BCC needs anyway."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from functools import cache

_SUFFIXES = (" const", " volatile", " &", " &&", " noexcept")
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")

_libc = ctypes.CDLL(None)
_libc.free.argtypes = [ctypes.c_void_p]


def demangle(name: str) -> str:
    """The name itself when it is no mangled one, or its demangler is not on this host."""
    if name.startswith(("_Z", "__Z")):
        return _call(_itanium(), name)
    return _call(_rust(), name) if name.startswith("_R") else name


def spellings(demangled: str) -> set[str]:
    """What a person may write for a function: whole, without the type it returns, and without its argument list or the
    hash that Rust puts behind a name."""
    head, arguments = _split_arguments(_RUST_HASH.sub("", demangled))
    name = head[_name_start(head) :]
    return {demangled, name + arguments, name}


def _split_arguments(demangled: str) -> tuple[str, str]:
    text = demangled.partition(" [clone ")[0]
    while text.endswith(_SUFFIXES):
        text = text[: text.rindex(" ")]
    if not text.endswith(")"):
        return demangled, ""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if not depth:
            return text[:at], demangled[at:]
    return demangled, ""


def _name_start(head: str) -> int:
    """Behind the last blank that is in no brackets: only templates carry the type they return."""
    at = head.find("operator")
    end = at if at >= 0 else len(head)
    depth = start = 0
    for index, char in enumerate(head[:end]):
        depth += (char in "<(") - (char in ">)")
        if char == " " and not depth:
            start = index + 1
    return start


Demangler = Callable[[bytes], int | None]


def _call(demangler: Demangler | None, name: str) -> str:
    found = demangler(name.encode("utf-8", "backslashreplace")) if demangler else None
    if not found:
        return name
    try:
        return ctypes.string_at(found).decode("utf-8", "backslashreplace")
    finally:
        _libc.free(found)


@cache
def _itanium() -> Demangler | None:
    return _foreign("libstdc++.so.6", "__cxa_demangle")


@cache
def _rust() -> Demangler | None:
    """char *llvm::rustDemangle(char const *, char *, size_t *, int *), as LLVM 14 exports it."""
    return _foreign("libLLVM-14.so.1", "_ZN4llvm12rustDemangleEPKcPcPmPi")


def _foreign(library: str, symbol: str) -> Demangler | None:
    try:
        function = getattr(ctypes.CDLL(library), symbol)
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    status = ctypes.c_int()
    return lambda name: function(name, None, None, ctypes.byref(status))
