"""In a process of its own each: who asks for functions gives up every right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.kernel.functions import find_functions
from tests.workloads.shared_library import CPP, C, build_library

ROOT = Path(__file__).parents[3]
ASK = """
import json, sys
from google.protobuf.json_format import MessageToDict
from agent.names.answer import answer
from proto.v1.agent_pb2 import Ask
print(json.dumps(MessageToDict(answer(Ask(**json.loads(sys.argv[1]))))))
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")])
"""


def ask(**fields: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(fields)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    answer, rights = done.stdout.splitlines()
    if answer.find('"meant"') > 0:
        assert rights == "['0000000000000000']"
    return dict(json.loads(answer))


def functions(text: str, **fields: Any) -> dict[str, Any]:
    return ask(kind="NAME_KIND_FUNCTION", text=text, **fields)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_library(tmp_path_factory.mktemp("functions"))


def test_a_pattern_is_counted_exactly_and_aliases_once(library: Path) -> None:
    assert functions(f"{library}:*gear*")["meant"] == str(CPP + C)
    assert functions(f"{library}:gear_*")["meant"] == str(C)
    assert functions(f"{library}:gears::Wheel::*")["meant"] == str(CPP)
    assert functions(f"{library}:gear_first")["meant"] == "1"
    assert functions(f"{library}:gear_")["meant"] == "0"


def test_the_count_is_what_a_run_attaches_to(library: Path) -> None:
    for pattern in (f"{library}:*gear*", f"{library}:gears::Wheel::turn_0*", "c:mall*"):
        assert functions(pattern)["meant"] == str(len(find_functions(pattern, -1)))


def test_cpp_functions_are_found_and_shown_as_people_write_them(library: Path) -> None:
    answer = functions(f"{library}:wheel::turn_1")
    assert answer["total"] == "10"
    names = [(name["value"], name["label"]) for name in answer["names"]]
    assert names[0] == (f"{library}:gears::Wheel::turn_10(int)", "gears::Wheel::turn_10(int)")
    assert functions(names[0][0])["meant"] == "1", "what is offered can be attached to"


def test_the_limit_cuts_and_the_total_tells(library: Path) -> None:
    answer = functions(f"{library}:*", limit=5)
    assert len(answer["names"]) == 5
    assert int(answer["total"]) >= CPP + C


def test_before_the_colon_libraries_are_offered() -> None:
    values = [name["value"] for name in functions("ss")["names"]]
    assert values and all(value.endswith(":") for value in values)


@pytest.mark.parametrize("path", ["/etc/shadow", "/dev/zero", "/nowhere", "/etc"])
def test_what_else_lies_on_the_host_is_no_answer(path: str) -> None:
    assert functions(f"{path}:x")["error"].startswith("there is no program or library to read at that place; give")


def test_an_unknown_library_says_what_to_give() -> None:
    assert "give its name without lib and .so" in functions("nosuchlib:f")["error"]
