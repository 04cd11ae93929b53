"""What somebody who wrote a name that is not there may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CLOSE = 3
_LISTED = 10


def near(wanted: str, names: Iterable[str]) -> str:
    """Half a sentence: the names that are like it, else what there is; empty when there is nothing."""
    known = sorted(set(names) - {""})
    folded = {name.lower(): name for name in known}
    close = [name for name in known if wanted.lower() in name.lower()][:_CLOSE]
    close += [folded[found] for found in difflib.get_close_matches(wanted.lower(), folded, _CLOSE)]
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(close[:_CLOSE]))}?"
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"there are {', '.join(known[:_LISTED])}{more}" if known else ""
