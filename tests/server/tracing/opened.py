"""Hosts that give out the keys they keep, played in the process of the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from proto.encryption import wrap
from proto.opening import read_opening
from proto.v1.agent_pb2 import Opened, Opening, SignedOpening
from server.tracing.models import Run
from server.tracing.opening_orders import answered, take_openings

Answer = Callable[[SignedOpening, Opening], Opened]


def giving(run: Run, key: bytes) -> Answer:
    """As a host does whose policy lists the signer."""

    def answer(_: SignedOpening, opening: Opening) -> Opened:
        text = read_opening(opening.text)
        return Opened(opening_id=text.opening.bytes, run_id=run.pk.bytes, wrapped_key=wrap(run.pk.bytes, text.key, key))

    return answer


def refusing(why: str) -> Answer:
    def answer(_: SignedOpening, opening: Opening) -> Opened:
        text = read_opening(opening.text)
        return Opened(opening_id=text.opening.bytes, run_id=text.runs[0].run.bytes, error=why)

    return answer


@contextmanager
def host_answers(run: Run, answer: Answer) -> Iterator[list[SignedOpening]]:
    """What it was asked, until the block ends."""
    seen: list[SignedOpening] = []
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.01):
            for host, signed in take_openings([run.host_id]):
                seen.append(signed)
                answered(host, answer(signed, Opening.FromString(signed.payload)))
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(10)
