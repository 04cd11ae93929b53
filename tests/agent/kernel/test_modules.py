"""Which file a short name or a path means, on the host and in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.kernel.modules import ModuleError, find_modules, loaded
from tests.workloads.compiled import build


def test_a_process_runs_itself_and_its_libraries() -> None:
    modules = list(loaded(os.getpid()))
    assert Path(modules[0].path).samefile(sys.executable)
    assert "libc.so.6" in {Path(module.name).name for module in modules}
    assert len({module.name for module in modules}) == len(modules)
    assert all(Path(module.path).is_file() for module in modules)


def test_a_short_name_means_the_library_that_the_process_has_loaded() -> None:
    (module,) = find_modules("c", os.getpid())
    assert Path(module.path).samefile(find_modules("c", -1)[0].path)
    with pytest.raises(ModuleError, match=f"process {os.getpid()} has loaded no library nothing; it runs python"):
        find_modules("nothing", os.getpid())


def test_a_path_means_what_the_process_sees(tmp_path: Path) -> None:
    """As in a container, whose files have other paths on the host."""
    program = build("durations.c", tmp_path, "-static")
    (tmp_path / "root/app").mkdir(parents=True)
    (tmp_path / "root/app/inner").write_bytes(program.read_bytes())
    (tmp_path / "root/app/inner").chmod(0o755)
    command = ["unshare", "--mount", "--root", str(tmp_path / "root"), "/app/inner", "1"]
    work = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert work.stdout
    pid = int(work.stdout.readline())
    try:
        (module,) = find_modules("/app/inner", pid)
        assert Path(module.path).samefile(tmp_path / "root/app/inner")
        assert [found.name for found in loaded(pid)] == ["/app/inner"]
        with pytest.raises(ModuleError, match="has loaded no library c; it runs inner"):
            find_modules("c", pid)
        with pytest.raises(ModuleError, match=f"process {pid} sees no file {sys.executable}"):
            find_modules(sys.executable, pid)
    finally:
        work.kill()
        work.wait()


def test_a_process_that_has_ended() -> None:
    work = subprocess.Popen(["true"])
    work.wait()
    with pytest.raises(ModuleError, match=r"cannot be read: .*; is it still there"):
        find_modules("*", work.pid)
