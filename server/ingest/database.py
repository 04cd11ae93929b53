"""The database from the event loop: in a few threads of ingest's own, each of which keeps its connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import DatabaseError, connection

P = ParamSpec("P")
R = TypeVar("R")

# SQLite has one writer, and PostgreSQL's connections are dear.
_THREADS = ThreadPoolExecutor(4, thread_name_prefix="ingest-db")


async def in_db(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Opening a connection for every call would cost three times the call, so it stays open until one fails."""

    def call() -> R:
        try:
            return function(*args, **kwargs)
        except DatabaseError:
            connection.close()
            raise

    return await SyncToAsync(call, thread_sensitive=False, executor=_THREADS)()
