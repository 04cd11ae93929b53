"""The committed results: no cell is wrong or without its reason, and the page says what they say."""

from __future__ import annotations

import pytest

from bpf.catalog import ROOT as TOOLS
from bpf.catalog import tool_folders
from tests.matrix import page, results

RIGHT = ("works", "loss", "refused")
FOUND = [
    (kernel, name, results.load(results.RESULTS, kernel, name)) for kernel in page.KERNELS for name in results.cells()
]


def test_no_cell_is_wrong_and_a_refusal_or_a_loss_says_why() -> None:
    for kernel, name, found in FOUND:
        if found:
            ours = found["ours"]
            assert ours["state"] in RIGHT, f"{name} on {kernel}: {ours}"
            assert ours["reason"] or ours["state"] == "works", f"{name} on {kernel}: {ours}"


def test_every_difference_of_a_stock_tool_is_explained() -> None:
    differ = {name for _, name, found in FOUND if found and found["stock"]["state"] == "differs"}
    assert differ, "no stock tool differs: were they run?"
    assert not [name for name in differ if not results.cells()[name].differs]


def test_the_page_is_the_one_that_the_results_give() -> None:
    assert page.PAGE.read_text() == page.text(results.RESULTS), "run: .venv/bin/python -m tests.matrix.page"


@pytest.mark.vm
def test_every_tool_has_a_cell_and_every_kernel_fills_it() -> None:
    assert {folder.name for folder in tool_folders(TOOLS)} == results.cells().keys()
    missing = [f"{name} on {kernel}" for kernel, name, found in FOUND if not found]
    assert not missing, f"{missing} not measured; run: make matrix"
