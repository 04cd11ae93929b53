import json

import pytest

from fleetscope.cli.output import complain, local_time, note, print_json, print_table, printable
from tests.hostile import COUNT, strings


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain café", "plain café"), ("\x1b[31mred", "\\x1b[31mred"), ("a\nb\t", "a\\x0ab\\x09"), ("\u202e", "\\u202e")],
)
def test_a_traced_program_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_table_is_never_cut_when_it_goes_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500
    print_table(["NAME", "VALUE"], [["[bold]name", long]], empty="none")
    out = capsys.readouterr().out
    assert f"[bold]name {long}" in " ".join(out.split())


def test_an_empty_table_says_what_to_do_and_leaves_stdout_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["NAME"], [], empty="nothing yet; do this")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "nothing yet; do this\n")


def test_a_complaint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("first\n  second\x07")
    assert capsys.readouterr().err == "fleetscope: first second\\x07\n"


def test_a_missing_time_is_a_dash() -> None:
    assert local_time(None) == "-"
    assert local_time("2026-01-02T03:04:05Z")[:4] == "2026"


def test_no_hostile_string_reaches_the_terminal_as_more_than_text(capsys: pytest.CaptureFixture[str]) -> None:
    texts = strings()
    print_table(["NAME"], [[text] for text in texts], empty="none")
    print_json([{"reason": text, text: 1} for text in texts])
    for text in texts:
        complain(text)
        note(text)
    printed = capsys.readouterr()
    lines = (printed.out + printed.err).split("\n")
    assert len(lines) > 4 * COUNT
    assert not [line for line in lines if not line.isprintable()]
    assert [line for line in "\n".join(texts).split("\n") if not line.isprintable()]
    assert [item["reason"] for item in json.loads(printed.out[printed.out.index("[\n") :])] == texts
