from __future__ import annotations

from agent.link import control
from proto.v1.agent_pb2 import AgentMessage, Heartbeat, Hello, Stop
from tests.agent.link.conftest import RUN, Link
from tests.agent.support.server import FleetServer
from tests.waiting_async import eventually


def _beat(number: int) -> AgentMessage:
    return AgentMessage(heartbeat=Heartbeat(spool_bytes=number))


async def test_hello_comes_first_and_everything_after_it_in_order(link: Link, server: FleetServer) -> None:
    link.control.relay(_beat(99))
    link.greeting += [_beat(1), _beat(2)]
    await eventually(lambda: len(server.messages) == 3, 10, "the greeting")
    assert server.messages == [AgentMessage(hello=Hello(agent_version="test")), _beat(1), _beat(2)]


async def test_what_the_server_says_is_passed_on(link: Link, server: FleetServer) -> None:
    stop = Stop(run_id=RUN, message="enough")
    await eventually(lambda: server.connections, 10, "the connection")
    server.send(stop=stop)
    await eventually(lambda: stop in [message.server.stop for message in link.told], 10, "the stop")
    assert link.told[1].server.HasField("welcome")


async def test_every_new_connection_is_greeted_anew(link: Link, server: FleetServer) -> None:
    await eventually(lambda: len(server.messages) == 1, 10, "the first hello")
    server.restart()
    link.control.relay(_beat(1))
    await eventually(lambda: server.connections == 2, 30, "the second connection")
    hellos = [message for message in server.messages if message.HasField("hello")]
    assert len(hellos) == 2
    assert server.messages[-1] == hellos[-1], "what was said in between is not for the new connection"


async def test_a_server_that_does_not_read_is_given_up(link: Link, server: FleetServer) -> None:
    await eventually(lambda: len(server.messages) == 1, 10, "the first hello")
    for number in range(control.QUEUE_MAX + 10):
        link.control.relay(_beat(number))
    await eventually(lambda: any("has not read" in why for _, why in link.states()), 10, "giving up")
    await eventually(lambda: server.connections == 2 and link.states()[-1][0], 30, "a new connection, and word of it")
    assert "has not read" in link.states()[-2][1]
