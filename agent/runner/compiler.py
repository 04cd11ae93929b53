"""Compiles and loads a program with BCC, and says in one line what was wrong when it cannot be. Imports bcc."""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bcc import BPF, lib

from agent.runner.scan import acting_call
from bpf.program import Program

NO_BTF = (
    "this kernel has no BTF (/sys/kernel/btf/vmlinux), so probes cannot be compiled for it; "
    "use a kernel built with CONFIG_DEBUG_INFO_BTF"
)
# bcc's own module leaves the types of these open; a module that does not lie low in memory would lose half its address.
lib.bpf_num_tables.argtypes = [ctypes.c_void_p]
lib.bpf_table_fd_id.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.bpf_table_name.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.bpf_table_name.restype = ctypes.c_char_p
_COMPILE_ERROR = re.compile(r"^(.*?):(\d+):\d+: (?:fatal )?error: (.*)$", re.MULTILINE)
# Instructions and register states of the verifier's log; what is left is what it says in words.
_DUMP = re.compile(r"^(?:\d+: [(R].*|(?:old|cur) state:.*|from \d+.*|R\d.*|;.*|func#\d.*|arg#\d.*)$", re.MULTILINE)
# What kernels before Linux 5.15 say of bpf_get_attach_cookie.
NO_COOKIE = "invalid func unknown#174"
_VERDICT_END = re.compile(r"^processed \d+ insns.*$", re.MULTILINE)


class AttachError(RuntimeError):
    """The tool cannot be attached here. The text is one line: what failed, why, and what to do where that is known.
    ``log`` is all that compiler or verifier said; ``program`` what was compiled, once that is known."""

    def __init__(self, text: str, log: str = "") -> None:
        super().__init__(text)
        self.log = log
        self.program: Program | None = None


class _Module(BPF):  # type: ignore[misc]  # bcc has no types
    """BCC's module without its habit of attaching whatever has a telling name."""

    def _trace_autoload(self) -> None:
        pass


@dataclass(slots=True)
class Output:
    """What libbcc wrote to standard error."""

    text: str = ""


class Compiled:
    """A compiled module. ``close`` frees the compiler's memory; programs and maps that were taken out live on."""

    def __init__(self, program: Program, headers: str) -> None:
        """``headers``: a kernel source tree made from BTF, empty when there is none. Raises AttachError.

        Installed kernel headers are never used instead: those of another kernel give wrong values without an error.
        """
        if not headers:
            raise AttachError(NO_BTF)
        os.environ["BCC_KERNEL_SOURCE"] = headers
        output = Output()
        try:
            with _captured(output):
                flags = [*program.cflags, "-Wno-macro-redefined", "-Wno-unused-function"]
                self._module = _Module(text=program.text.encode(), cflags=flags)
        except Exception as error:
            raise AttachError(_compile_message(output.text), output.text) from error

    def load(self, function: str, kind: int, attach_type: int = -1) -> int:
        """Descriptor of the loaded program, which the caller closes. ``attach_type``: of linux/bpf.h, where the kernel
        wants to know it at load. Raises AttachError."""
        output = Output()
        try:
            with _captured(output):
                _check_calls(function, self.instructions(function))
                loaded = self._module.load_func(function.encode(), kind, None, attach_type)
        except AttachError:
            raise
        except Exception as error:
            raise AttachError(_load_message(function, output.text), output.text) from error
        return os.dup(loaded.fd)

    def load_again(self, function: str, kind: int, attach_type: int = -1) -> int:
        """Descriptor of a second program that does the same. Raises AttachError."""
        return self.load_code(function, kind, self.instructions(function), attach_type)

    def load_code(self, function: str, kind: int, code: bytes, attach_type: int = -1) -> int:
        """Descriptor of the function with other instructions, as many as it has. Raises AttachError."""
        _check_calls(function, code)
        module, output = self._module.module, Output()
        license_, version = lib.bpf_module_license(module), lib.bpf_module_kern_version(module)
        with _captured(output):
            descriptor: int = lib.bcc_func_load(
                module, kind, function.encode(), code, len(code), license_, version, 0, None, 0, None, attach_type
            )
        if descriptor < 0:
            raise AttachError(_load_message(function, output.text), output.text)
        return descriptor

    def instructions(self, function: str) -> bytes:
        """As the compiler made them; maps stand as this process's descriptors."""
        code: bytes = self._module.dump_func(function.encode())
        return code

    def map_names(self) -> dict[int, str]:
        """By the descriptor that stands in the instructions."""
        module = self._module.module
        numbers = range(lib.bpf_num_tables(module))
        return {lib.bpf_table_fd_id(module, number): lib.bpf_table_name(module, number).decode() for number in numbers}

    def map_fd(self, name: str) -> int:
        """A descriptor of the map, which the caller closes. Raises KeyError."""
        descriptor = lib.bpf_table_fd(self._module.module, name.encode())
        if descriptor < 0:
            raise KeyError(f"the program has no map {name}")
        return os.dup(descriptor)

    def close(self) -> None:
        """Maps and programs live on in the descriptors that were handed out."""
        self._module.cleanup()


def _check_calls(function: str, code: bytes) -> None:
    """Raises AttachError."""
    if call := acting_call(code):
        raise AttachError(f"{function} calls {call}, and programs that do more than look are never loaded; take it out")


def program_types() -> dict[str, int]:
    """BCC's number of each kind of program."""
    return {
        "tracepoint": BPF.TRACEPOINT,
        "raw_tracepoint": BPF.RAW_TRACEPOINT,
        "kprobe": BPF.KPROBE,
        "perf_event": BPF.PERF_EVENT,
    }


@contextmanager
def _captured(output: Output) -> Iterator[None]:
    """libbcc and clang report errors only by printing them."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            file.seek(0)
            output.text = file.read().decode("utf-8", "replace")


def _compile_message(text: str) -> str:
    found = _COMPILE_ERROR.search(text)
    why = f"{found.group(1)} line {found.group(2)}: {found.group(3)}" if found else _last_line(text)
    return f"the probe does not compile: {why}"


def _load_message(function: str, text: str) -> str:
    reason = re.search(r"Failed to load program: (.*)", text)
    log = _DUMP.sub("", _VERDICT_END.split(text)[0])
    return f"the kernel refused {function}: {reason.group(1) if reason else 'load failed'}: {_last_line(log)}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no reason given"
