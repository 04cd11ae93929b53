"""The database from the event loop: in threads of ingest's own, with connections that are checked before use."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")

# SQLite has one writer, and PostgreSQL's connections are dear: a few threads, each with its connection, are enough.
_THREADS = ThreadPoolExecutor(4, thread_name_prefix="ingest-db")


async def in_db(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    call = database_sync_to_async(function, thread_sensitive=False, executor=_THREADS)
    return await call(*args, **kwargs)
