"""Which file a short name or a path means, on the host and in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from agent.kernel import modules as module
from agent.kernel.modules import ModuleError, file_identity, find_modules, loaded
from tests.waiting import wait_for
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
        with pytest.raises(ModuleError, match=f"process {pid} sees no program or library {sys.executable}"):
            find_modules(sys.executable, pid)
    finally:
        work.kill()
        work.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that are there, but none to be traced; and one that is read wrongly when it is opened."""
    program = bytearray(Path("/usr/bin/env").resolve().read_bytes())
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "empty").touch()
    (tmp_path / "other-machine").write_bytes(program[:18] + b"\xf3\0" + program[20:])
    (tmp_path / "other-class").write_bytes(program[:4] + b"\1" + program[5:])
    (tmp_path / "cut").write_bytes(program[:19])
    (tmp_path / "within").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def has_libc(pid: int) -> bool:
    return any(Path(module.name).name == "libc.so.6" for module in loaded(pid))


def answers(names: list[str], folder: Path, *pids: int) -> set[str]:
    """What is said of each, without its name."""
    found = set()
    for name in names:
        with pytest.raises(ModuleError) as error:
            find_modules(f"{folder}/{name}", *pids)
        found.add(str(error.value).replace(f"{folder}/{name}", "FILE"))
    return found


def test_what_else_lies_on_a_host_is_not_told_from_nothing(folder: Path) -> None:
    """Neither on the host, nor in a process or several that see it, nor of what only root may see."""
    there = [path.name for path in folder.iterdir()]
    assert len(there) == 8
    names = ["nothing", "nothing/within", "script/within", *there]
    others = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    try:
        for other in others:  # an answer also says what the process runs, which grows while it starts
            wait_for(partial(has_libc, other.pid), 10, "sleep with its library")
        for pids in [(-1,), (others[0].pid,), tuple(other.pid for other in others)]:
            (answer,) = answers(names, folder, *pids)
            assert "no program or library FILE" in answer
            secret = answers(["shadow", "no-such-file"], Path("/etc"), *pids) | answers(["x"], Path("/root"), *pids)
            assert secret == {answer}
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_a_process_that_has_ended() -> None:
    work = subprocess.Popen(["true"])
    work.wait()
    with pytest.raises(ModuleError, match=r"cannot be read: .*; is it still there"):
        find_modules("*", work.pid)


def test_containers_of_one_image_share_a_file_until_one_of_them_changes_it(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image/library").write_text("shared")
    with ExitStack() as held:
        one, other = (held.enter_context(overlay(tmp_path / "image", tmp_path / name)) for name in ("one", "other"))
        assert (one / "library").stat().st_dev != (other / "library").stat().st_dev
        assert file_identity(f"{one}/library") == file_identity(f"{other}/library") is not None
        os.chown(other / "library", 5, 5)
        assert file_identity(f"{one}/library") != file_identity(f"{other}/library")
        assert file_identity(f"{one}/nothing") is None


def test_a_file_is_the_same_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    (tmp_path / "copy").write_text("a")
    (tmp_path / "link").hardlink_to(tmp_path / "file")
    assert file_identity(f"{tmp_path}/file") == file_identity(f"{tmp_path}/link")
    assert file_identity(f"{tmp_path}/file") != file_identity(f"{tmp_path}/copy")


def test_several_processes_have_each_file_once_and_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.getpid()
    assert len(find_modules("c", own, own)) == 1
    assert len(find_modules("*", own, own)) > 1
    monkeypatch.setattr(module, "FILES_MAX", 1)
    with pytest.raises(ModuleError, match=r"the 2 processes run \d+ different files of that name, and at most 1 are"):
        find_modules("*", own, own)


@contextmanager
def overlay(image: Path, folder: Path) -> Iterator[Path]:
    layers = {"lowerdir": image, "upperdir": folder / "upper", "workdir": folder / "work"}
    merged = folder / "merged"
    for path in (layers["upperdir"], layers["workdir"], merged):
        path.mkdir(parents=True)
    options = ",".join(f"{name}={path}" for name, path in layers.items())
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(merged)], check=True)
    try:
        yield merged
    finally:
        subprocess.run(["umount", str(merged)], check=True)
