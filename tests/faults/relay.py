"""A TCP relay that hands every byte on late, for kernels that cannot delay packets themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_BYTES = 64 * 1024
_CHUNKS = 1024  # under way in one direction


@contextmanager
def delayed(host: str, port: int, seconds: float) -> Iterator[int]:
    """The port at which ``host:port`` can be reached with so much delay in each direction."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    relay = asyncio.run_coroutine_threadsafe(_listen(host, port, seconds), loop).result(10)
    try:
        yield int(relay.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_end(relay), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _listen(host: str, port: int, seconds: float) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        ways = (_pass_on(reader, far_writer, seconds), _pass_on(far_reader, writer, seconds))
        await asyncio.gather(*ways, return_exceptions=True)

    return await asyncio.start_server(connected, host)


async def _end(relay: asyncio.Server) -> None:
    relay.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS)
    clock = asyncio.get_running_loop().time

    async def arrive() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - clock())
            if not data:
                return
            writer.write(data)
            await writer.drain()

    arriving = asyncio.create_task(arrive())
    try:
        while data := await reader.read(_BYTES):
            await under_way.put((clock() + seconds, data))
        await under_way.put((clock() + seconds, b""))
        await arriving
    finally:
        arriving.cancel()
        writer.close()
