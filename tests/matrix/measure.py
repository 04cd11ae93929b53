"""Fills one cell: our tool and the stock one attached at the same time, then the workload, then both answers."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agent.kernel.headers import ensure_headers
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import RunUpdate
from tests.agent.runner.harness import HEADERS_CACHE, Run
from tests.matrix.cell import SECONDS, Cell, Facts, Ready, same
from tests.matrix.stock import Stock
from tests.matrix.stock_headers import stock_headers


@dataclass(slots=True)
class Ours:
    """state: works, loss (``reason`` says of what), refused (``reason``: by each variant), wrong."""

    state: str
    variant: str = ""
    reason: str = ""
    found: Facts = field(default_factory=dict)
    seen: int = 0
    lost: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Theirs:
    """state: same, differs, fails (``reason``: its last words), not run."""

    state: str
    command: str
    reason: str = ""
    found: Facts = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    tool: str
    said: Facts
    ours: Ours
    stock: Theirs

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(cell: Cell, folder: Path, *, guest: bool) -> Result:
    """``folder`` gets the stock tool's raw output; ``guest``: nobody else's programs run on this kernel."""
    if not (cell.confined or guest):
        said, ours, _ = _pass(cell, folder, ours=True)
        reason = "it cannot be confined to the workload, and this kernel runs programs of others"
        return Result(cell.tool, said, _given(ours), Theirs("not run", cell.stock, reason))
    if cell.together:
        said, ours, theirs = _pass(cell, folder, ours=True, stock=True, preloaded=guest)
    else:
        _, ours, _ = _pass(cell, folder, ours=True)
        said, _, theirs = _pass(cell, folder, stock=True, preloaded=guest)
    return Result(cell.tool, said, _given(ours), _given(theirs))


T = TypeVar("T")


def _given(value: T | None) -> T:
    assert value is not None
    return value


def _pass(
    cell: Cell, folder: Path, *, ours: bool = False, stock: bool = False, preloaded: bool = False
) -> tuple[Facts, Ours | None, Theirs | None]:
    """The workload once, with one of the two attached to it or both."""
    tree = ensure_headers(HEADERS_CACHE)
    headers = stock_headers(tree, Path(tempfile.gettempdir())) if tree else None
    with cell.start(folder) as ready:
        command = cell.stock.format(pid=ready.pid, **ready.words)
        other = Stock(command, folder, headers, preloaded=preloaded) if stock else None
        try:
            run, refusals = _attached(cell, ready) if ours else (None, {})
            if other:
                other.wait_attached(SECONDS)
            said = ready.facts()
            mine = _ours(cell, said, run, refusals) if ours else None
            return said, mine, _theirs(cell, said, other, command) if other else None
        finally:
            if other:
                other.stop()


def _attached(cell: Cell, ready: Ready) -> tuple[Run | None, dict[str, str]]:
    """A run of the first variant that this kernel takes, and why it does not take the ones before."""
    refusals: dict[str, str] = {}
    for variant in load_tool(ROOT / cell.tool).tool.variants:
        run = Run(cell.tool, cell.params(ready), cell.filters(ready.pid), variant=variant.name)
        run.start(SECONDS)
        if run.first.state == RunUpdate.STATE_ATTACHED:
            return run, refusals
        refusals[variant.name] = run.end.message
        run.close()
    return None, refusals


def _named(refusals: dict[str, str]) -> list[str]:
    return [f"{name}: {why}" for name, why in refusals.items()] if len(refusals) > 1 else list(refusals.values())


def _ours(cell: Cell, said: Facts, run: Run | None, refusals: dict[str, str]) -> Ours:
    if run is None:
        return Ours("refused", reason="; ".join(_named(refusals)))
    try:
        run.stop()
        run.wait(SECONDS)
        run.check_books()
        schema, found, lost = run.first.schema, cell.ours(run.rows()), run.lost()
        right = same(said, found, cell.tolerance) and sum(lost.values()) <= cell.tolerance * run.ledger.seen
        state = ("loss" if schema.loses else "works") if right else "wrong"
        return Ours(state, schema.variant, schema.loses, found, run.ledger.seen, lost)
    finally:
        run.close()


def _theirs(cell: Cell, said: Facts, stock: Stock, command: str) -> Theirs:
    stock.settle(lambda text: same(said, _read(cell, text), cell.tolerance))
    stock.stop()
    if stock.failure:
        return Theirs("fails", command, stock.failure)
    found = _read(cell, stock.text)
    if same(said, found, cell.tolerance):
        return Theirs("same", command, found=found)
    return Theirs("differs", command, cell.differs, found)


def _read(cell: Cell, text: str) -> Facts:
    try:
        return cell.theirs(text)
    except (ArithmeticError, ValueError, KeyError, IndexError):
        return {}  # not printed yet, or never


def check_cell(cell: Cell, folder: Path) -> None:
    """On this kernel ours is right, and so is the stock tool where it runs, but for what is known and explained."""
    result = measure(cell, folder, guest=False)
    assert result.ours.state in ("works", "loss"), f"{result.ours} after {result.said} on {os.uname().release}"
    assert result.stock.state != "differs" or cell.differs, f"{result.stock} after {result.said}"
