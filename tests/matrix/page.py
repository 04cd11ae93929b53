"""docs/kernels.md, written from the results alone: `python -m tests.matrix.page`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.stack import ROOT
from tests.matrix import results
from tests.matrix.cell import Cell

PAGE = ROOT / "docs/kernels.md"
# In the order of the columns; the last one is a kernel that refuses kprobes and fentry.
KERNELS = ("5.10", "6.1", "6.12", "6.18")

HEAD = """# Tools and kernels

Which tool works on which kernel, beside the stock tool of the same name (Debian 12's bpfcc-tools). `make matrix`
measures what has changed since, and writes this page; the results lie in `tests/matrix/results/<kernel>/<tool>/`:
ours, and the stock tool's raw output.

A tool *works* when it said exactly what a counted workload had done, and its books closed without a loss; that it
could be attached is not enough. The stock tool is attached to the same workload at the same time, is given the same
headers, made from the kernel's BTF, and is *right* when it says the same. Tools on functions of programs run one
after the other, because the stock tool takes such a place for itself alone (below).

"""
TAIL = """
## What the stock tools say otherwise

{differences}

## Where the stock tools do not run

{failures}

## What each workload does

{workloads}

## Two tracers on one function

The Python module of Debian's bcc 0.26 leaves the *reference counter* of a uprobe to chance: it calls
`bpf_attach_uprobe` without its last argument. The kernel takes several probes on one place only with the same
counter, so while a stock tool holds a function, every other tracer is refused there with "Invalid argument", and
the other way round.
"""


def write() -> None:
    """From whatever results there are."""
    PAGE.write_text(text(results.RESULTS))


def text(root: Path) -> str:
    cells = results.cells()
    return (
        HEAD
        + _kernels(root, cells)
        + _table(root, cells)
        + TAIL.format(
            differences=_notes(root, cells, "differs"),
            failures=_notes(root, cells, "fails"),
            workloads="\n".join(f"- **{name}** {cell.does}" for name, cell in cells.items()),
        )
    )


def _kernels(root: Path, cells: dict[str, Cell]) -> str:
    lines = []
    for kernel in KERNELS:
        found = [one for name in cells if (one := results.load(root, kernel, name))]
        if found:
            dates, commits = sorted({one["date"] for one in found}), sorted({one["commit"] for one in found})
            lines.append(f"- {kernel}: `{found[0]['kernel']}`, {' and '.join(dates)}, at {', '.join(commits)}")
    return "\n".join(lines) + "\n\n"


def _table(root: Path, cells: dict[str, Cell]) -> str:
    lines = [f"| tool | {' | '.join(KERNELS)} |", f"| --- |{' --- |' * len(KERNELS)}"]
    for name in cells:
        words = [_cell(results.load(root, kernel, name)) for kernel in KERNELS]
        lines.append(f"| {name} | {' | '.join(words)} |")
    return "\n".join(lines) + "\n"


def _cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not measured"
    ours, stock = found["ours"], found["stock"]
    word = {
        "works": "**works**",
        "loss": f"**works**, but for {ours['reason']}",
        "refused": f"**refused**: {ours['reason']}",
        "wrong": f"**WRONG**: {ours['found']} instead of {found['said']}",
    }[ours["state"]]
    other = {"same": "right", "differs": "differs", "fails": "does not run", "not run": "not run"}[stock["state"]]
    return f"{word}<br>stock: {other}".replace("|", "\\|")


def _notes(root: Path, cells: dict[str, Cell], state: str) -> str:
    """One line for each tool and each thing that was found, with the kernels on which it was."""
    lines = []
    for name in cells:
        notes: dict[str, list[str]] = {}
        for kernel in KERNELS:
            found = results.load(root, kernel, name)
            if found and found["stock"]["state"] == state:
                notes.setdefault(_note(found, cells[name].differs), []).append(kernel)
        lines += [f"- **{name}** ({', '.join(kernels)}): {note}" for note, kernels in notes.items()]
    return "\n".join(lines) or "Nothing."


def _note(found: dict[str, Any], differs: str) -> str:
    stock = found["stock"]
    if stock["state"] == "fails":
        return f"`{stock['reason']}`"
    pairs = [(name, said, stock["found"].get(name)) for name, said in found["said"].items()]
    facts = ", ".join(f"{name} {seen} instead of {said}" for name, said, seen in pairs if seen != said)
    return f"{facts}; {differs}" if differs else facts


if __name__ == "__main__":
    write()
