from __future__ import annotations

from proto.frame import Frame
from proto.v1.agent_pb2 import DataDown, Reject
from tests.agent.link.conftest import RUN, Link
from tests.agent.support.server import FleetServer
from tests.waiting_async import eventually

OTHER = b"\x06" * 16


def _seqs(server: FleetServer, run_id: bytes = RUN) -> list[int]:
    return [one.head.seq for one in server.frames.get(run_id, [])]


async def test_every_frame_is_stored_once_and_acked(link: Link, server: FleetServer) -> None:
    link.spool(1, 100)
    await eventually(lambda: link.acked() == 100, 10, "the last ack")
    link.spool(101, 120, ended=True)
    await eventually(lambda: link.acked() == 120, 10, "the end's ack")
    assert _seqs(server) == list(range(1, 121))
    assert server.received[RUN] == 120


async def test_a_server_that_goes_away_loses_nothing_and_stores_nothing_twice(link: Link, server: FleetServer) -> None:
    link.spool(1, 200, size=20_000)
    await eventually(lambda: len(_seqs(server)) > 20, 10, "some frames")
    server.restart()
    link.spool(201, 230)
    await eventually(lambda: link.acked() == 230, 30, "the last ack")
    assert _seqs(server) == list(range(1, 231))


async def test_no_more_than_a_window_is_under_way(link: Link, server: FleetServer) -> None:
    server.acking.clear()
    link.spool(1, 200)
    await eventually(lambda: server.received.get(RUN), 10, "a first frame")
    link.spool(1, 5, OTHER)
    server.acking.set()
    await eventually(lambda: link.acked() == 200 and link.acked(OTHER) == 5, 10, "all acks")
    order = server.order
    assert order.index((OTHER, 5)) <= order.index((RUN, 96)), "a run with much to send does not hold up another"


async def test_a_rejected_frame_is_sent_again_with_all_that_follow(link: Link, server: FleetServer) -> None:
    rejected: list[int] = []

    def once(one: Frame) -> DataDown | None:
        if one.head.seq == 7 and not rejected:
            rejected.append(7)
            return DataDown(reject=Reject(run_id=RUN, expected_seq=7, reason="damaged on the way"))
        return None

    server.judge = once
    link.spool(1, 50)
    await eventually(lambda: link.acked() == 50, 10, "the last ack")
    assert _seqs(server) == list(range(1, 51))


async def test_an_unwanted_run_is_dropped_and_others_go_on(link: Link, server: FleetServer) -> None:
    unwanted = DataDown(reject=Reject(run_id=RUN, expected_seq=0, reason="deleted"))
    server.judge = lambda one: unwanted if one.head.run_id == RUN else None
    link.spool(1, 5)
    link.spool(1, 5, OTHER)
    await eventually(lambda: link.acked(OTHER) == 5, 10, "the other run's acks")
    rejects = [message.reject for message in link.told if message.HasField("reject")]
    assert rejects[0] == unwanted.reject
    assert _seqs(server) == []


async def test_a_damaged_spool_is_declared_batch_by_batch_and_others_go_on(link: Link, server: FleetServer) -> None:
    folder = link.runs / RUN.hex() / "spool"
    folder.mkdir(parents=True)
    (folder / "000000000001.frames").write_bytes(b"nonsense" * 10)
    link.spool(2, 4)
    link.spool(1, 5, OTHER)
    await eventually(lambda: link.acked(OTHER) == 5 and link.acked() == 4, 10, "both runs' acks")
    assert _seqs(server) == [1, 2, 3, 4]
    assert [bool(one.head.damaged) for one in server.frames[RUN]] == [True, False, False, False]
