"""What ``LIB:pattern`` means."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agent.kernel.functions import FunctionsError, find_functions
from tests.workloads.compiled import build, running

SOURCE = """
int do_one(void) { return 1; }
int do_two(void) { return 2; }
extern int do_two_alias(void) __attribute__((alias("do_two")));
static int (*choose(void))(void) { return do_one; }
int chosen(void) __attribute__((ifunc("choose")));
int other(void) { return 3; }
int main(void) { return do_one() + do_two() + other() + chosen(); }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "program.c").write_text(SOURCE)
    subprocess.run(["gcc", "-O0", "-o", str(folder / "program"), str(folder / "program.c")], check=True)
    return folder / "program"


@pytest.fixture(scope="module")
def overloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("overloads.cpp", tmp_path_factory.mktemp("overloads"))


def names(text: str, pid: int = -1) -> list[str]:
    return sorted(function.name for function in find_functions(text, pid))


def symbols(program: Path) -> dict[str, int]:
    table = subprocess.check_output(["nm", "--defined-only", str(program)], text=True)
    return {line.split()[2]: int(line.split()[0], 16) for line in table.splitlines()}


def test_a_pattern_finds_its_functions_and_an_alias_counts_once(program: Path) -> None:
    found = find_functions(f"{program}:do_*", -1)
    assert [function.name for function in found] == ["do_one", "do_two"]
    assert {function.path for function in found} == {str(program)}
    known = symbols(program)
    assert [function.offset for function in found] == [known["do_one"], known["do_two"]]


def test_a_name_without_star_is_exact(program: Path) -> None:
    assert names(f"{program}:other") == ["other"]
    with pytest.raises(FunctionsError, match=r"no function of .*/program matches othe; see its functions with: nm"):
        find_functions(f"{program}:othe", -1)


def test_characters_of_a_pattern_are_not_a_regular_expression(program: Path) -> None:
    with pytest.raises(FunctionsError, match="no function"):
        find_functions(f"{program}:do_.*", -1)


def test_a_function_that_is_chosen_at_run_time_is_told_from_the_choice(program: Path) -> None:
    """A probe there would count how often it is chosen: once."""
    with pytest.raises(FunctionsError, match=r"chosen of .* only chooses, once in a process"):
        find_functions(f"{program}:chosen", -1)
    assert not {"chosen", "choose"} & set(names(f"{program}:*"))


def test_functions_of_cpp_by_their_written_names(overloads: Path) -> None:
    assert names(f"{overloads}:app::work") == ["app::work(double)", "app::work(int)"]
    assert names(f"{overloads}:app::work(int)") == ["app::work(int)"]
    assert names(f"{overloads}:*::push*") == [
        "app::Queue<char>::push(char const&)",
        "app::Queue<int>::push(int const&)",
    ]
    assert names(f"{overloads}:app::apply<long>") == ["long app::apply<long>(long)"]
    assert names(f"{overloads}:app::Queue<int>::*") == [
        "app::Queue<int>::push(int const&)",
        "app::Queue<int>::size() const",
    ]
    assert names(f"{overloads}:(anonymous namespace)::hidden") == ["(anonymous namespace)::hidden()"]


def test_functions_of_cpp_by_their_mangled_names(overloads: Path) -> None:
    assert names(f"{overloads}:_ZN3app4workE*") == ["app::work(double)", "app::work(int)"]
    assert names(f"{overloads}:*plain_work*") == ["plain_work"]


def test_functions_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for part in ("one", "two"):
        text = f"static int same(void) {{ return 1; }} int {part}(void) {{ return same(); }}"
        (tmp_path / f"{part}.c").write_text(text)
    (tmp_path / "main.c").write_text("int one(void); int two(void); int main(void) { return one() + two(); }")
    sources = [str(tmp_path / f"{part}.c") for part in ("one", "two", "main")]
    subprocess.run(["gcc", "-O0", "-o", str(tmp_path / "program"), *sources], check=True)
    found = find_functions(f"{tmp_path}/program:same", -1)
    assert [function.name for function in found] == [f"same [{function.offset:#x}]" for function in found]
    assert len({function.name for function in found}) == 2


def test_a_stripped_file_says_so_and_its_debug_file_helps(tmp_path: Path) -> None:
    program = build("functions.c", tmp_path, "-g")
    offset = find_functions(f"{program}:leaf", -1)[0].offset
    subprocess.run(["objcopy", "--only-keep-debug", program, f"{program}.debug"], check=True)
    subprocess.run(["strip", program], check=True)
    with pytest.raises(FunctionsError, match="the file is stripped: only what it exports has a name"):
        find_functions(f"{program}:leaf", -1)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={program}.debug", program], check=True)
    assert [function.offset for function in find_functions(f"{program}:leaf", -1)] == [offset]
    with Path(f"{program}.debug").open("ab") as file:
        file.write(b"another build")
    with pytest.raises(FunctionsError, match="stripped"):
        find_functions(f"{program}:leaf", -1)


def test_all_that_a_process_runs(tmp_path: Path) -> None:
    program = build("functions.c", tmp_path)
    with running(program, 1, 1) as work:
        (leaf,) = find_functions("*:leaf", work.pid)
        assert Path(leaf.path).samefile(program)
        several = find_functions("*:getp*", work.pid)
        assert {"getppid", "getpid"} <= {function.name for function in several}
        assert len({function.path for function in several}) == 2  # libc and the dynamic linker
        with pytest.raises(FunctionsError, match=f"of the . files that process {work.pid} runs matches nothing_here"):
            find_functions("*:nothing_here", work.pid)


def test_a_file_that_was_replaced_is_still_found_in_the_process(tmp_path: Path) -> None:
    program = build("functions.c", tmp_path)
    offset = find_functions(f"{program}:leaf", -1)[0].offset
    with running(program, 1, 1) as work:
        shutil.copy("/bin/cat", tmp_path / "new")
        (tmp_path / "new").rename(program)
        (leaf,) = find_functions(f"{program}:leaf", work.pid)
        assert leaf.offset == offset
        assert Path(leaf.path).samefile(f"/proc/{work.pid}/exe")
        assert not Path(leaf.path).samefile(program)


def test_a_library_is_found_as_the_linker_would() -> None:
    (function,) = find_functions("c:malloc", -1)
    assert (function.name, Path(function.path).name) == ("malloc", "libc.so.6")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nosuchlib:f", "there is no library nosuchlib; give its name without lib and .so"),
        ("/nowhere/app:f", "there is no program or library /nowhere/app for this machine; give the path"),
        ("/etc/passwd:f", "there is no program or library /etc/passwd for this machine; give the path"),
        (
            "c:*",
            r"\* matches \d+ functions of .*libc.so.6, at most 1000 are traced at once; narrow it down, for example",
        ),
        ("*:f", r"\* means all files of a process; give it with the filter pid"),
    ],
)
def test_errors_say_what_to_do(text: str, message: str) -> None:
    with pytest.raises(FunctionsError, match=message):
        find_functions(text, -1)
