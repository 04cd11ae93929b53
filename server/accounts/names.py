"""What people and teams may be called."""

from __future__ import annotations

import re

from server.accounts.models import NAME_LENGTH, NAME_PATTERN
from server.errors import Invalid


def check_name(name: str, what: str, field: str = "name") -> None:
    """Raises Invalid."""
    if len(name) > NAME_LENGTH or not re.fullmatch(NAME_PATTERN, name):
        raise Invalid(
            f"{what} is 1 to {NAME_LENGTH} of A-Z, a-z, 0-9 and . _ @ -, starting with a letter or digit", field=field
        )
