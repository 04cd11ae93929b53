"""What the READMEs say that tools cost is what was measured, and every tool was."""

from __future__ import annotations

import pytest

from bpf.catalog import ROOT as TOOLS
from bpf.catalog import tool_folders
from tests.bench.rates import page, results
from tests.bench.rates.cases import CASES

NAMES = [folder.name for folder in tool_folders(TOOLS)]


def test_every_tool_is_measured_and_nothing_else() -> None:
    assert {case.tool for case in CASES} == set(NAMES) == set(results.tools())


@pytest.mark.parametrize("tool", NAMES)
def test_the_readme_has_the_table_that_the_results_give(tool: str) -> None:
    shown = page.between((TOOLS / tool / "README.md").read_text())
    assert shown == f"\n{page.part(results.load(tool))}\n", "run: .venv/bin/python -m tests.bench.rates --tables"


@pytest.mark.parametrize("tool", NAMES)
def test_each_case_was_measured_at_three_rates_by_a_run_that_saw_what_was_done(tool: str) -> None:
    tables = results.load(tool)["tables"]
    cases = [case for case in CASES if case.tool == tool]
    assert [table["unit"] for table in tables] == [case.unit for case in cases]
    for case, table in zip(cases, tables, strict=True):
        assert [rate["rate"] for rate in table["rates"]] == list(case.rates)
        assert all(rate["seen"] for rate in table["rates"])
        assert all(len(rate["more_us"]) >= 3 for rate in table["rates"])


@pytest.mark.parametrize("text", ["", page.BEGIN, page.END + page.BEGIN, page.BEGIN * 2 + page.END])
def test_a_readme_without_a_place_for_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not one line"):
        page.between(text)
