"""By which way somebody came who does what is put on record: from where, with which API token or sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Facts = Mapping[str, str | int]

_come: ContextVar[Callable[[], Facts] | None] = ContextVar("way", default=None)


@contextmanager
def coming(facts: Callable[[], Facts]) -> Iterator[None]:
    """Entries made inside say `via` what ``facts`` tells at that moment: who it is may be found out only by then."""
    before = _come.set(facts)
    try:
        yield
    finally:
        _come.reset(before)


def via() -> dict[str, str | int]:
    """Empty for what the server does by itself."""
    facts = _come.get()
    return dict(facts()) if facts is not None else {}
