"""Whatever a tool can be right or wrong in is proved by a test of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpf.catalog import load_catalog
from bpf.new_tool import make_tool
from tests.bpf.truth import PAGE, PROPERTIES, proofs, text

TOOLS = load_catalog()


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_every_property_that_means_something_for_a_tool_is_proved(name: str) -> None:
    proved = proofs(name)
    missing = [
        f"{one.name}: {one.means}" for one in PROPERTIES if one.applies(TOOLS[name].tool) and not proved.get(one.name)
    ]
    assert not missing, f"mark the tests of bpf/{name}/test_{name}.py that prove this, or write them"
    assert proved.keys() <= {one.name for one in PROPERTIES}


def test_a_new_tool_proves_all_that_means_something_for_it(tmp_path: Path) -> None:
    make_tool("mytool", tmp_path)
    assert {"rows", "values", "threads", "children", "namespaces", "names"} == proofs("mytool", tmp_path).keys()


def test_tests_that_are_not_collected_and_other_marks_prove_nothing(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/test_one.py").write_text("""
@pytest.mark.proves("rows", "values")
@pytest.mark.kernel
def test_this(): ...
@pytest.mark.proves("times")
def helper(): ...
@pytest.mark.kernel("errno")
def test_that(): ...
""")
    assert proofs("one", tmp_path) == {"rows": ["test_this"], "values": ["test_this"]}


def test_the_page_says_what_the_tests_say() -> None:
    """It may leave out a tool: adding one changes nothing outside its folder."""
    stale = set(PAGE.read_text().splitlines()) - set(text().splitlines())
    assert not stale, "run python -m tests.bpf.truth"
