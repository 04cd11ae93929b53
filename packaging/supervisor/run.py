"""From nothing to the ready line, then until somebody ends it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from supervisor import SupervisorError, agent, login, root, say, server
from supervisor.child import Child
from supervisor.places import Places, check_ports, claim, read_places

POLL_SECONDS = 0.1
START_SECONDS = 60.0
# Together less than the 10 s in which everything has to be gone.
AGENT_STOP_SECONDS = 5.0
SERVER_STOP_SECONDS = 4.0


async def run() -> int:
    """The exit code, when somebody ended it. Raises SupervisorError when it ended by itself."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    places = read_places()
    with claim(places):
        check_ports(places)
        root.become_able()
        fleetscope = _Fleetscope(places)
        try:
            await _race(fleetscope.live(), stop)
            say("stopping")
        finally:
            await fleetscope.end()
    return 0


class _Fleetscope:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._server = Child("server", server.command("run"), places.log("server"), lifeline=False)
        self._agent = Child("agent", [*root.prefix(), *agent.command(places)], places.log("agent"), lifeline=True)

    async def live(self) -> None:
        """Start everything, then keep it alive for good. Raises SupervisorError when something does not start."""
        try:
            async with asyncio.TaskGroup() as keepers:
                keepers.create_task(root.keep_able())
                await self._start_server(keepers)
                password = keepers.create_task(asyncio.to_thread(login.password_hint))
                token = await asyncio.to_thread(login.stored_token, self._places)
                if token is None:
                    await password  # the first one-time password makes the admin whose token this will be
                    token = await asyncio.to_thread(login.new_token)
                await asyncio.to_thread(login.sign_in, self._places, token)
                await self._start_agent(keepers, token)
                say(f"ready  {self._places.url}  {await password}")
        except ExceptionGroup as group:
            known = group.subgroup(SupervisorError)
            raise known.exceptions[0] if known else group from None

    async def end(self) -> None:
        """The agent first: it says goodbye and sends what it still holds."""
        await self._agent.stop(AGENT_STOP_SECONDS)
        await self._server.stop(SERVER_STOP_SECONDS)

    async def _start_server(self, keepers: asyncio.TaskGroup) -> None:
        keepers.create_task(self._server.keep())
        await _until(lambda: server.call(self._places, "health"), f"no answer from {self._places.url}", self._server)

    async def _start_agent(self, keepers: asyncio.TaskGroup, token: str) -> None:
        host_id = await asyncio.to_thread(agent.prepare, self._places, token)
        keepers.create_task(self._agent.keep())
        online = partial(server.host_is_online, self._places, token, host_id)
        await _until(online, "the local agent did not connect", self._agent)


async def _until(check: Callable[[], object], complaint: str, child: Child) -> None:
    """Poll until the check is true; the child may then die and be started again."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while not await asyncio.to_thread(check):
        if asyncio.get_running_loop().time() > deadline:
            raise SupervisorError(f"{complaint} within {START_SECONDS:.0f} s; {child.last_line()} (log: {child.log})")
        await asyncio.sleep(POLL_SECONDS)
    child.ready = True


async def _race(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Returns when stop is set. Raises what work raises."""
    tasks = [asyncio.create_task(work), asyncio.create_task(stop.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
