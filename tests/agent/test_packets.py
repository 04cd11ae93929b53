from __future__ import annotations

import os
import socket

import pytest

from agent.packets import PACKET_MAX, QUEUE_MAX, PacketSocket, PeerGone, socket_pair


@pytest.fixture
def ends() -> tuple[PacketSocket, socket.socket]:
    ours, theirs = socket_pair()
    return PacketSocket(ours), theirs


def test_packets_arrive_whole_and_one_by_one(ends: tuple[PacketSocket, socket.socket]) -> None:
    ours, theirs = ends
    assert ours.receive() is None
    theirs.send(b"one")
    theirs.send(b"x" * PACKET_MAX)
    first, second = ours.receive(), ours.receive()
    assert first is not None and first.data == b"one"
    assert second is not None and second.data == b"x" * PACKET_MAX
    assert ours.receive() is None


def test_descriptors_travel_and_do_not_survive_an_exec(ends: tuple[PacketSocket, socket.socket]) -> None:
    ours, theirs = ends
    read, write = os.pipe()
    socket.send_fds(theirs, [b"pipe"], [write])
    packet = ours.receive()
    assert packet is not None and len(packet.descriptors) == 1
    assert not os.get_inheritable(packet.descriptors[0])
    os.close(write)
    os.write(packet.descriptors[0], b"through")
    assert os.read(read, 10) == b"through"
    packet.close()
    assert os.read(read, 10) == b"", "close() closes what arrived"
    os.close(read)


def test_what_does_not_fit_waits_and_is_sent_in_order(ends: tuple[PacketSocket, socket.socket]) -> None:
    ours, theirs = ends
    sent = 0
    while not ours.pending:
        ours.send(b"%08d" % sent + b"x" * 100_000)
        sent += 1
    received: list[int] = []
    while len(received) < sent:
        received.append(int(theirs.recv(PACKET_MAX)[:8]))
        ours.flush()
    assert received == list(range(sent))
    assert not ours.pending


def test_a_peer_that_does_not_read_is_given_up(ends: tuple[PacketSocket, socket.socket]) -> None:
    ours, _ = ends
    with pytest.raises(PeerGone, match="has not read"):
        for _ in range(QUEUE_MAX // PACKET_MAX + 10):
            ours.send(b"x" * PACKET_MAX)


def test_a_closed_peer_is_noticed_on_both_roads(ends: tuple[PacketSocket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.close()
    with pytest.raises(PeerGone, match="closed"):
        ours.receive()
    with pytest.raises(PeerGone):
        ours.send(b"hello")


@pytest.mark.parametrize("size", [0, PACKET_MAX + 1])
def test_a_packet_that_nobody_would_take_is_refused(ends: tuple[PacketSocket, socket.socket], size: int) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        ends[0].send(b"x" * size)


def test_a_packet_that_is_too_large_ends_the_talk(ends: tuple[PacketSocket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.send(b"x" * (PACKET_MAX + 1))
    with pytest.raises(PeerGone, match="too large"):
        ours.receive()
