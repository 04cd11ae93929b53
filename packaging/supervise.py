"""Run Fleetscope on this machine in the foreground: the server as the invoking user, the agent as root.

Ctrl-C or SIGTERM ends all of it within 10 s. FLEETSCOPE_HTTP, FLEETSCOPE_GRPC and FLEETSCOPE_DATA move it.
"""

import asyncio
import sys

from supervisor import SupervisorError
from supervisor.run import run


def main() -> int:
    try:
        return asyncio.run(run())
    except SupervisorError as error:
        print(f"fleetscope: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
