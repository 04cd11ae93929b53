"""500 strings that try to be more than text, the same ones in every run: scripts, bidirectional and invisible
characters, terminal sequences, spreadsheet formulas, SQL, paths and templates, alone and among ordinary words."""

from __future__ import annotations

import random

COUNT = 500
MARK = "fs_hostile"  # what a script would set or write when it ran

_RUN = f"window.{MARK}=1"
SCRIPTS = (
    f"<script>{_RUN}</script>",
    f"</script><script>{_RUN}</script>",
    f"<img src=x onerror={_RUN}>",
    f"<svg/onload={_RUN}>",
    f'"><details open ontoggle="{_RUN}">',
    f"' autofocus onfocus='{_RUN}",
    f"javascript:{_RUN}//",
    f"<iframe srcdoc='<script>parent.{MARK}=1</script>'>",
    f"<style>@import'//example.invalid/{MARK}'</style>",
    f"</textarea><img src=x onerror={_RUN}>",
    "<base href=//example.invalid><a id=x name=y>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
)
HIDDEN = (
    "\u202egnp.exe",
    "\u2066a\u2069",
    "\u200b",
    "\u200f",
    "\u061c",
    "\ufeff",
    "\u2028",
    "\u00ad",
    "\U000e0041",
    "\u180e",
)
TERMINAL = (
    "\x1b]52;c;ZnMtaG9zdGlsZQ==\x07",
    "\x1b]52;c;ZnMtaG9zdGlsZQ==\x1b\\",
    "\x9b31m",
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]8;;http://example.invalid\x1b\\link\x1b]8;;\x1b\\",
    '\x1bP$q"p\x1b\\',
    "\x1b[6n",
    "\x08\x08\x7f",
    "\r\n",
)
FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://example.invalid","x")',
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    '"=1+1',
    '",=1+1,"',
    "'=1+1",
)
SQL = (
    "' OR 1=1 --",
    "'; DROP TABLE audit_auditentry; --",
    '"; SELECT 1; --',
    "%' UNION SELECT null --",
    "\\'; --",
    "%_",
)
PATHS = (
    "../../../../etc/passwd",
    "..\\..\\windows",
    "/dev/null/../x",
    "file:///etc/passwd",
    "a/./../b",
    "C:\\con",
    "~root/x",
)
TEMPLATES = (
    "{{7*7}}",
    "{0.__class__}",
    "%s%n%x",
    "${7*7}",
    "#{7*7}",
    "\\x41\\\\",
    "[bold]x[/bold]",
    ":smile:",
    "$(id)",
    "`id`",
)
FAMILIES = (SCRIPTS, HIDDEN, TERMINAL, FORMULAS, SQL, PATHS, TEMPLATES)
_WORDS = ("log", "web-1", "report 7", "ünï", "日本", "a" * 40)


def strings() -> list[str]:
    """Each string as it is, then mixed by a fixed seed until there are COUNT different ones."""
    found = dict.fromkeys(text for family in FAMILIES for text in family)
    chance = random.Random(36)
    while len(found) < COUNT:
        first, second = (chance.choice(chance.choice(FAMILIES)) for _ in range(2))
        found[
            chance.choice((first + chance.choice(_WORDS) + second, chance.choice(_WORDS) + first, first + second))
        ] = None
    return list(found)
