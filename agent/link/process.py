"""The link: started by the warden as root, its socket as descriptor 3; gives root up, then talks."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
from pathlib import Path

from agent import identity
from agent.link.account import link_account
from agent.link.client import Client
from agent.link.control import Control
from agent.link.data import Uploader
from agent.link.local import Warden
from agent.link.privileges import drop
from agent.packets import PacketSocket
from proto import log_lines
from proto.v1.local_pb2 import WardenToLink

WARDEN_SOCKET = 3


def main() -> int:
    arguments = argparse.ArgumentParser(prog="agent.link")
    arguments.add_argument("--state", type=Path, required=True)
    state: Path = arguments.parse_args().state
    log_lines.to_stderr("link")
    parent = os.getppid()
    account = link_account(state)
    try:
        own = identity.load(state / "identity")
    except identity.IdentityError as error:
        logging.error("%s", error)
        return 1
    os.chdir(state)
    drop(account, parent)
    asyncio.run(serve(own, socket.socket(fileno=WARDEN_SOCKET)))
    return 0


async def serve(own: identity.Identity, sock: socket.socket) -> None:
    """Until the warden is gone or says SIGTERM. Raises what the client did not expect; the warden starts link again."""
    warden = Warden(PacketSocket(sock))
    control, uploader = Control(warden.tell), Uploader(warden.tell)
    client = Client(own, control, uploader, warden.tell)

    def on_message(message: WardenToLink) -> None:
        if message.HasField("agent"):
            control.relay(message.agent)
        elif message.HasField("spooled"):
            uploader.spooled(message.spooled)
        elif message.HasField("credentials"):
            client.use(message.credentials)

    warden.listen(on_message)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, warden.gone.set)
    running = asyncio.create_task(client.run())
    gone = asyncio.create_task(warden.gone.wait())
    await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    running.cancel()
