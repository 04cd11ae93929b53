"""``python -m agent.runner``: started by the warden with a socket to it as descriptor 3."""

from __future__ import annotations

import socket
import sys

from agent.runner.channel import DESCRIPTOR, Channel, WardenGone
from agent.runner.process import become_runner


def main() -> int:
    become_runner()
    channel = Channel(socket.socket(fileno=DESCRIPTOR))
    try:
        config = channel.config()
    except WardenGone:
        return 1
    from agent.runner.run import run  # the compiler's library takes a while to load

    run(config, channel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
