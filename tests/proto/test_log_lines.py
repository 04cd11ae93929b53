from __future__ import annotations

import io
import logging.config
import subprocess
import sys
import unicodedata
from collections.abc import Iterator

import pytest
from django.conf import settings

from proto.log_lines import LONGEST, plain
from tests.hostile import COUNT, strings

HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # of Unicode: what is not seen or turns what is
FORGED = "1.0\n2026-01-01 00:00:00 WARNING server.ingest: host-1 was revoked\x1b[2J"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a logger with the server's own handler and formatter writes."""
    sink = io.StringIO()
    formatter = settings.LOGGING["formatters"]["line"]
    own = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"sink": {"class": "logging.StreamHandler", "formatter": "line", "stream": sink}},
        "loggers": {"forged": {"handlers": ["sink"], "propagate": False, "level": "INFO"}},
    }
    logging.config.dictConfig(own)
    yield sink
    logging.getLogger("forged").handlers.clear()


def test_what_a_host_sent_forges_no_line(written: io.StringIO) -> None:
    logging.getLogger("forged").info("%s is connected, agent %s", "host-1", FORGED)
    (line,) = written.getvalue().splitlines()
    assert "host-1 is connected, agent 1.0\\n2026-01-01" in line
    assert "\x1b" not in line and "\\x1b[2J" in line


def test_what_an_exception_says_forges_no_line(written: io.StringIO) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("forged").exception("it failed")
    first, *rest = written.getvalue().splitlines()
    assert first.endswith("it failed")
    assert rest and all(line.startswith("    ") for line in rest)
    assert "\x1b" not in written.getvalue()


def test_a_message_has_a_longest(written: io.StringIO) -> None:
    logging.getLogger("forged").warning("%s", "x" * 1_000_000)
    (line,) = written.getvalue().splitlines()
    assert len(line) < LONGEST + 100
    assert line.endswith("(1000000 characters)")


def test_what_a_server_sent_forges_no_line_of_an_agent() -> None:
    """In a process of its own: it is the root logger that is told where to write."""
    code = "import logging, sys; from proto import log_lines; log_lines.to_stderr("
    code += "'agent'); logging.warning('%s', sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, FORGED], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert line.startswith("agent: 1.0\\n2026-01-01") and "\x1b" not in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë's host", "Zoë's host"),
        ("a\r\nb", "a\\r\\nb"),
        ("a\u2028b\u202eb", "a\\u2028b\\u202eb"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
    ],
)
def test_only_what_moves_a_terminal_or_ends_a_line_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_none_of_the_hostile_strings_is_more_than_text_in_a_line(written: io.StringIO) -> None:
    texts = strings()
    for text in texts:
        logging.getLogger("forged").info("%s is connected", text)
    lines = written.getvalue().split("\n")
    assert [len(lines), lines.pop()] == [COUNT + 1, ""]
    hidden = [letter for line in lines for letter in line if unicodedata.category(letter) in HIDDEN]
    assert hidden == []
    assert {letter for text in texts for letter in text if unicodedata.category(letter) in HIDDEN}, "they try"
