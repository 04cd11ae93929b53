from __future__ import annotations

import asyncio

from agent.link.local import Warden
from agent.packets import PACKET_MAX, PacketSocket, socket_pair
from proto.v1.agent_pb2 import Ack, AgentMessage, Heartbeat, Reject
from proto.v1.local_pb2 import LinkToWarden, WardenToLink


async def test_messages_go_both_ways_and_an_end_is_noticed() -> None:
    ours, theirs = socket_pair()
    warden = Warden(PacketSocket(ours))
    heard: list[WardenToLink] = []
    warden.listen(heard.append)
    message = WardenToLink(agent=AgentMessage(heartbeat=Heartbeat(spool_bytes=7)))
    theirs.send(message.SerializeToString())
    warden.tell(LinkToWarden(ack=Ack(run_id=b"r", seq=3)))
    assert LinkToWarden.FromString(theirs.recv(PACKET_MAX)).ack.seq == 3
    async with asyncio.timeout(5):
        while not heard:
            await asyncio.sleep(0.01)
        theirs.close()
        await warden.gone.wait()
    assert heard == [message]


async def test_what_does_not_fit_is_sent_later() -> None:
    ours, theirs = socket_pair()
    warden = Warden(PacketSocket(ours))
    big = LinkToWarden(reject=Reject(run_id=b"r", reason="x" * 500_000))
    for _ in range(10):
        warden.tell(big)
    theirs.setblocking(False)
    received = 0
    async with asyncio.timeout(5):
        while received < 10:
            await asyncio.sleep(0.01)
            try:
                assert LinkToWarden.FromString(theirs.recv(PACKET_MAX)) == big
                received += 1
            except BlockingIOError:
                continue
