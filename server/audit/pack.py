"""An exported audit as one HTML file with its own viewer, which opens, checks and filters it without any server.

The viewer is frontend/src/pack. The file may run that script and nothing else, and may load nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from server.errors import Conflict
from server.web import DIST

ENTRIES_MAX = 100_000  # what a browser opens in a few seconds
_LINES = 500
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>Fleetscope audit</title>
<style>{style}</style>
<body>
<noscript>This file shows and checks an audit with a script of its own; allow scripts for it.</noscript>
<script type="text/plain" id="log">
"""
_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def pack(lines: Iterator[bytes], entries: int) -> Iterator[bytes]:
    """``lines`` as `server.audit.export` makes them. Raises Conflict before the first part."""
    if entries > ENTRIES_MAX:
        raise Conflict(
            f"{entries} entries are more than the {ENTRIES_MAX} that an auditor pack holds: "
            "narrow the filter, or take the signed NDJSON"
        )
    return _parts(lines, _built("viewer.js"), _built("viewer.css"))


def _parts(lines: Iterator[bytes], script: str, style: str) -> Iterator[bytes]:
    policy = _POLICY.format(script=_digest(script), style=_digest(style))
    yield _PAGE.format(policy=policy, style=style).encode()
    while block := b"".join(islice(lines, _LINES)):
        yield base64.b64encode(block) + b"\n"
    yield f"</script>\n<script>{script}</script>\n</html>\n".encode()


def _built(name: str) -> str:
    path: Path = DIST / "pack" / name
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise Conflict(f"the viewer of an auditor pack, {path}, is not built; run `make run` once") from None


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
