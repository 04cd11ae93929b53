"""Fleetscope from Python: `with fleetscope.connect() as fleet: fleet.start("opensnoop", duration="10s")`.

Everything here goes through the server's public API; the `fleetscope` command is built on the same client.
"""

from fleetscope.client import Client, connect
from fleetscope.errors import FleetscopeError, NotSignedIn, Refused, Unreachable

__all__ = ["Client", "FleetscopeError", "NotSignedIn", "Refused", "Unreachable", "connect"]
