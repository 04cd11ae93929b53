"""The unprivileged user that link runs as."""

from __future__ import annotations

import pwd
import zlib
from dataclasses import dataclass
from pathlib import Path

PACKAGED_USER = "fleetscope"
# Free on Debian: above the dynamic users of systemd's range start, below nobody; needs no passwd entry.
FIRST_UID, LAST_UID = 61184, 65519


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


def link_account(state: Path) -> Account:
    """The package's user, or else a uid of its own for every state folder: two agents cannot touch each other."""
    try:
        user = pwd.getpwnam(PACKAGED_USER)
    except KeyError:
        uid = FIRST_UID + zlib.crc32(str(state.resolve()).encode()) % (LAST_UID - FIRST_UID + 1)
        return Account(uid, uid)
    return Account(user.pw_uid, user.pw_gid)
