"""The runner, on a kernel without bpf_get_attach_cookie: this one, made to refuse what such a kernel refuses."""

from __future__ import annotations

import sys

from agent.runner.__main__ import main
from agent.runner.compiler import NO_COOKIE, AttachError, Compiled
from agent.runner.copies import with_answer

_load = Compiled.load


def _refuse(compiled: Compiled, function: str, kind: int, attach_type: int = -1) -> int:
    code = compiled.instructions(function)
    if with_answer(code, 0) != code:
        raise AttachError(f"the kernel refused {function}", f"0: (85) call unknown#174\n{NO_COOKIE}\n")
    return _load(compiled, function, kind, attach_type)


if __name__ == "__main__":
    Compiled.load = _refuse  # type: ignore[assignment, method-assign]
    sys.exit(main())
