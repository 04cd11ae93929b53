from __future__ import annotations

import time
import uuid

from proto.v1.agent_pb2 import ServerMessage
from server.fleet.models import HEARTBEAT_SECONDS
from server.ingest import links
from server.ingest.links import Link, Links


def test_a_newer_link_takes_the_place_of_the_older_one() -> None:
    held, host = Links(), uuid.uuid4()
    older, newer = Link(host, "web-1"), Link(host, "web-1")
    held.add(older)
    held.add(newer)
    assert older.closed.is_set()
    held.remove(older)
    assert held.get(host) is newer
    held.remove(newer)
    assert held.all() == []


def test_links_are_found_by_host() -> None:
    held = Links()
    first, second = Link(uuid.uuid4(), "web-1"), Link(uuid.uuid4(), "web-2")
    held.add(first)
    held.add(second)
    assert held.all([second.host, uuid.uuid4()]) == [second]
    assert held.all() == [first, second]


def test_a_host_that_does_not_listen_is_cut_off() -> None:
    link = Link(uuid.uuid4(), "web-1")
    for _ in range(links.OUTBOX):
        link.send(ServerMessage())
    assert not link.closed.is_set()
    link.send(ServerMessage())
    assert link.closed.is_set()


def silent(link: Link) -> bool:
    return link.silent


def test_a_host_that_says_nothing_is_silent() -> None:
    link = Link(uuid.uuid4(), "web-1")
    assert not silent(link)
    link.last_heard = time.monotonic() - 3 * HEARTBEAT_SECONDS - 1
    assert silent(link)
    link.heard()
    assert not silent(link)
