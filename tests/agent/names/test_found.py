from __future__ import annotations

from agent.names.found import best


def names(text: str, *candidates: str) -> list[str]:
    return best(candidates, text, lambda name: (name,))


def test_equal_ones_come_first_then_beginnings_then_the_rest_each_in_its_order() -> None:
    assert names("nginx", "my-nginx", "nginx-debug", "nginx", "nginx-b", "other") == [
        "nginx",
        "nginx-debug",
        "nginx-b",
        "my-nginx",
    ]


def test_case_does_not_matter_and_no_text_fits_all() -> None:
    assert names("PY", "python", "Pypy", "ruby") == ["python", "Pypy"]
    assert names("", "b", "", "a") == ["b", "", "a"]


def test_the_best_of_several_words_counts() -> None:
    found = best([("7", "sh"), ("17", "7z")], "7", lambda pair: pair)
    assert found == [("7", "sh"), ("17", "7z")]
