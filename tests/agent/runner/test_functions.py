"""What ``LIB:pattern`` means."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.runner.compiler import AttachError
from agent.runner.functions import find_functions, find_library

pytestmark = pytest.mark.kernel  # imports bcc

SOURCE = """
int do_one(void) { return 1; }
int do_two(void) { return 2; }
extern int do_two_alias(void) __attribute__((alias("do_two")));
int other(void) { return 3; }
int main(void) { return do_one() + do_two() + other(); }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "program.c").write_text(SOURCE)
    subprocess.run(["gcc", "-O0", "-o", str(folder / "program"), str(folder / "program.c")], check=True)
    return folder / "program"


def test_a_pattern_finds_its_functions_and_an_alias_counts_once(program: Path) -> None:
    found = find_functions(f"{program}:do_*", -1)
    assert [function.name for function in found] == ["do_one", "do_two"]
    assert {function.path for function in found} == {str(program)}
    symbols = dict(
        line.split()[::-2]
        for line in subprocess.check_output(["nm", str(program)], text=True).splitlines()
        if " T " in line
    )
    assert [function.offset for function in found] == [int(symbols[name], 16) for name in ("do_one", "do_two")]


def test_a_name_without_star_is_exact(program: Path) -> None:
    assert [function.name for function in find_functions(f"{program}:other", -1)] == ["other"]
    with pytest.raises(AttachError, match=r"no function of .* matches othe;"):
        find_functions(f"{program}:othe", -1)


def test_characters_of_a_pattern_are_not_a_regular_expression(program: Path) -> None:
    with pytest.raises(AttachError, match="no function"):
        find_functions(f"{program}:do_.*", -1)


def test_a_library_is_found_as_the_linker_would() -> None:
    assert Path(find_library("c", -1)).name == "libc.so.6"
    assert "malloc" in [function.name for function in find_functions("c:malloc", -1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nosuchlib:f", "there is no library nosuchlib; give its name without lib and .so"),
        ("/nowhere/app:f", "there is no file /nowhere/app; give the path"),
        ("c:*", "at most 1000; narrow it down"),
    ],
)
def test_errors_say_what_to_do(text: str, message: str) -> None:
    with pytest.raises(AttachError, match=message):
        find_functions(text, -1)
