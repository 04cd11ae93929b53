"""``python -m agent.names UID GID``: started by the warden, its socket as descriptor 3; answers until that closes."""

from __future__ import annotations

import os
import socket
import sys

from agent.names.confine import confine
from agent.names.serve import serve

WARDEN_SOCKET = 3


def main() -> int:
    confine(int(sys.argv[1]), int(sys.argv[2]), os.getppid())
    with socket.socket(fileno=WARDEN_SOCKET) as warden:
        serve(warden)
    return 0


if __name__ == "__main__":
    sys.exit(main())
