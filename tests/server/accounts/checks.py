"""Every place in the server's code that asks for a right, and each of them taken away for a while."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from django.db.models import QuerySet

from server.accounts import policy
from server.accounts.policy import Decision
from server.consent import requests
from server.consent import rights as consent
from server.errors import ApiError
from server.fleet import api as fleet
from server.fleet.models import Host
from server.fleet.rights import hosts_for
from server.tracing import lookup
from server.tracing.models import Session
from server.tracing.rights import sessions_for

ROOT = Path(__file__).resolve().parents[3]
# What asks, and what there is without it: everybody may, what is named is found, lists hold everything.
ASKING: dict[Callable[..., Any], Callable[..., Any]] = {
    policy.require: lambda *_, **__: None,
    policy.decide: lambda *_, **__: Decision(allowed=True),
    lookup.permitted: lambda _, text, *__: Session.objects.get(pk=text),
    consent.permitted: lambda _, text, *__: requests.find(text),
    fleet.permitted_host: lambda _, name, *__, **___: Host.objects.get(name=name),
    hosts_for: lambda *_: Host.objects.all(),
    sessions_for: lambda *_: Session.objects.all(),
    consent.requests_for: lambda _, __, among: iter(among),
}


@dataclass(frozen=True, order=True)
class Site:
    """`number`: among those of its function, from 1."""

    path: str
    function: str
    number: int
    asks: str
    lines: tuple[int, int] = field(compare=False)


def sites() -> list[Site]:
    """In all of the server but the function that decides and the commands, which have no paths."""
    names = {function.__name__ for function in ASKING}
    return [
        site
        for path in sorted((ROOT / "server").rglob("*.py"))
        if path.name not in ("policy.py", "commands.py")
        for site in _in_file(path, names)
    ]


def _in_file(path: Path, names: set[str]) -> Iterator[Site]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            ordered = sorted(_calls(function, names), key=lambda found: found[0].lineno)
            for number, (call, name) in enumerate(ordered, 1):
                lines = (call.lineno, call.end_lineno or call.lineno)
                yield Site(str(path.relative_to(ROOT)), function.name, number, name, lines)


def _calls(function: ast.AST, names: set[str]) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in names:
                yield node, name


class Checks:
    """Stands where the server asks: notes who refuses, and lets everything through at the site that is `off`."""

    def __init__(self) -> None:
        self.refusing: set[Site] = set()
        self.off: Site | None = None
        self._sites: dict[tuple[str, str], list[Site]] = defaultdict(list)
        for site in sites():
            self._sites[site.path, site.asks].append(site)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for module in [found for name, found in sys.modules.items() if name.startswith("server.")]:
            if module is not policy:
                self._install_in(patch, module)

    @contextmanager
    def without(self, site: Site) -> Iterator[None]:
        self.off = site
        try:
            yield
        finally:
            self.off = None

    def _install_in(self, patch: pytest.MonkeyPatch, module: ModuleType) -> None:
        for function, nothing in ASKING.items():
            if vars(module).get(function.__name__) is function:
                patch.setattr(module, function.__name__, self._asked(function, nothing))

    def _asked(self, function: Callable[..., Any], nothing: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            site = self._site(sys._getframe(1), function.__name__)
            if site is not None and site == self.off:
                return nothing(*arguments, **named)
            try:
                answer = function(*arguments, **named)
            except ApiError:
                self._refused(site)
                raise
            if isinstance(answer, QuerySet | Iterator) or (isinstance(answer, Decision) and not answer.allowed):
                self._refused(site)  # a list may hold less than there is
            return answer

        return ask

    def _refused(self, site: Site | None) -> None:
        if site is not None:
            self.refusing.add(site)

    def _site(self, frame: FrameType, name: str) -> Site | None:
        path = Path(frame.f_code.co_filename)
        known = self._sites.get((str(path.relative_to(ROOT)), name), []) if path.is_relative_to(ROOT) else []
        return next((site for site in known if site.lines[0] <= frame.f_lineno <= site.lines[1]), None)
