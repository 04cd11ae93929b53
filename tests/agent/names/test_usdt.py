"""In a process of its own each: who asks for probes gives up every right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.kernel.usdt import find_sites
from tests.agent.names.test_functions import ask
from tests.workloads.compiled import build, running

ALL = {"numbers", "text", "twice", "plain", "guarded"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("probes.c", tmp_path_factory.mktemp("probes"))


def probes(text: str, **fields: Any) -> dict[str, Any]:
    return ask(kind="NAME_KIND_USDT", text=text, **fields)


def test_probes_are_offered_with_what_they_tell(program: Path) -> None:
    answer = probes(f"{program}:")
    assert {name["label"] for name in answer["names"]} == {f"workload:{name}" for name in ALL}
    details = {name["label"]: name["detail"] for name in answer["names"]}
    assert details["workload:numbers"] == "10 arguments"
    assert details["workload:twice"] == "1 argument, in 2 places"
    values = [name["value"] for name in answer["names"]]
    assert all(find_sites(value, -1) for value in values), "what is offered can be attached to"


def test_a_pattern_is_counted_and_a_part_of_a_name_found(program: Path) -> None:
    assert probes(f"{program}:workload:t*")["meant"] == "2"
    answer = probes(f"{program}:guard")
    assert (answer["meant"], [name["label"] for name in answer["names"]]) == ("0", ["workload:guarded"])


def test_those_of_a_process(program: Path) -> None:
    with running(program, 1) as work:
        assert probes("*:workload:*", pid=work.pid)["meant"] == str(len(ALL))


def test_before_the_colon_libraries_are_offered() -> None:
    values = [name["value"] for name in probes("ss")["names"]]
    assert values and all(value.endswith(":") for value in values)


def test_a_library_without_probes_says_so() -> None:
    assert probes("c:x")["error"].startswith("c has no USDT probes; programs have them only when")


@pytest.mark.parametrize("path", ["/etc/shadow", "/dev/zero", "/nowhere", "/etc"])
def test_what_else_lies_on_the_host_is_no_answer(path: str) -> None:
    assert probes(f"{path}:x")["error"].startswith("there is no program or library to read at that place; give")
