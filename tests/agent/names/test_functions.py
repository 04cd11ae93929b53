"""In a process of its own each: who asks for functions gives up every right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workloads.library import CPP, CPP_NAMES, C, build_library

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
    if ":" in fields["text"]:
        assert rights == "['0000000000000000']"
    return dict(json.loads(answer))


def functions(text: str, **fields: Any) -> dict[str, Any]:
    return ask(kind="NAME_KIND_FUNCTION", text=text, **fields)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_library(tmp_path_factory.mktemp("functions"))


def test_a_pattern_is_counted_exactly_and_aliases_once(library: Path) -> None:
    answer = functions(f"{library}:*gear*")
    assert (answer["meant"], answer["total"]) == (str(CPP + C), str(CPP + C))
    assert functions(f"{library}:gear_*")["meant"] == str(C)
    assert functions(f"{library}:gear_first")["meant"] == "1"
    assert functions(f"{library}:gear_")["meant"] == "0"


def test_the_count_is_what_a_run_attaches_to(library: Path) -> None:
    code = "import sys; from agent.runner.functions import find_functions; print(len(find_functions(sys.argv[1], -1)))"
    for pattern in (f"{library}:*gear*", "c:mall*"):
        run = subprocess.run(
            [sys.executable, "-c", code, pattern], cwd=ROOT, check=True, capture_output=True, text=True
        )
        assert functions(pattern)["meant"] == run.stdout.strip()


def test_cpp_functions_are_found_and_shown_as_people_write_them(library: Path) -> None:
    answer = functions(f"{library}:Wheel::turn_1")
    assert answer["total"] == "10"
    assert answer["names"][0]["label"] == "gears::Wheel::turn_10(int)"
    assert answer["names"][0]["value"] == f"{library}:{CPP_NAMES[10]}"


def test_the_limit_cuts_and_the_total_tells(library: Path) -> None:
    answer = functions(f"{library}:*", limit=5)
    assert len(answer["names"]) == 5
    assert int(answer["total"]) >= CPP + C


def test_characters_of_a_pattern_are_not_a_regular_expression(library: Path) -> None:
    assert functions(f"{library}:gear_.*")["meant"] == "0"


def test_before_the_colon_libraries_are_offered() -> None:
    values = [name["value"] for name in functions("ss")["names"]]
    assert values and all(value.endswith(":") for value in values)


def test_probes_of_the_interpreter_if_it_has_any_or_none(library: Path) -> None:
    answer = ask(kind="NAME_KIND_USDT", text=f"{library}:")
    assert answer["total" if "total" in answer else "meant"] == "0"


def test_usdt_probes_are_listed_once_with_their_arguments() -> None:
    runtime = "stdc++"
    answer = ask(kind="NAME_KIND_USDT", text=f"{runtime}:throw")
    assert answer["names"] == [
        {"value": "stdc++:libstdcxx:throw", "detail": "2 arguments"},
        {"value": "stdc++:libstdcxx:rethrow", "detail": "2 arguments"},
    ]
    assert ask(kind="NAME_KIND_USDT", text="stdc++:libstdcxx:throw")["meant"] == "1"
