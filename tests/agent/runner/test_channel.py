"""The socket between warden and runner."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from agent.runner.channel import Channel, WardenGone
from proto.v1.agent_pb2 import RunUpdate, Stop
from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden, WardenToRunner


def pair() -> tuple[socket.socket, Channel]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return ours, Channel(theirs)


def test_configuration_comes_first_and_messages_after_it() -> None:
    warden, channel = pair()
    warden.send(RunnerConfig(run_id=b"1").SerializeToString())
    warden.send(WardenToRunner(stop=Stop(message="enough")).SerializeToString())
    assert channel.config().run_id == b"1"
    message, ready = channel.wait(1, [])
    assert message is not None
    assert (message.stop.message, ready) == ("enough", [])
    assert channel.wait(0, []) == (None, [])


def test_other_descriptors_are_waited_for_too() -> None:
    _, channel = pair()
    read, write = os.pipe()
    os.write(write, b"x")
    assert channel.wait(1, [read]) == (None, [read])


def test_descriptors_travel_beside_an_update() -> None:
    warden, channel = pair()
    with open(os.devnull) as file:  # noqa: PTH123 - any descriptor
        channel.send(RunnerToWarden(update=RunUpdate(spooled_seq=7)), [file.fileno()])
    data, descriptors, _, _ = socket.recv_fds(warden, 4096, 8)
    assert RunnerToWarden.FromString(data).update.spooled_seq == 7
    assert os.fstat(descriptors[0]).st_rdev == Path(os.devnull).stat().st_rdev
    os.close(descriptors[0])


def test_a_warden_that_is_gone_is_noticed_at_both_ends() -> None:
    warden, channel = pair()
    warden.close()
    with pytest.raises(WardenGone):
        channel.wait(1, [])
    with pytest.raises(WardenGone):
        channel.send(RunnerToWarden())
