from pathlib import Path

from provision.stamps import Stamp, digest, files_below


def test_a_step_is_fresh_until_one_of_its_inputs_changes(tmp_path: Path) -> None:
    source, marker = tmp_path / "in", tmp_path / "out/stamp"
    source.write_text("one")
    stamp = Stamp(marker, digest(source, "text"))
    assert not stamp.fresh()
    stamp.write()
    assert Stamp(marker, digest(source, "text")).fresh()
    source.write_text("two")
    assert not Stamp(marker, digest(source, "text")).fresh()


def test_bytes_cannot_move_from_one_input_to_the_next() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_a_missing_input_is_an_input_too(tmp_path: Path) -> None:
    before = digest(tmp_path / "later")
    (tmp_path / "later").write_text("")
    assert digest(tmp_path / "later") != before


def test_a_tree_is_read_in_order_without_what_was_generated(tmp_path: Path) -> None:
    for name in ("src/b.ts", "src/a.ts", "dist/out.js", "index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    names = [str(path.relative_to(tmp_path)) for path in files_below(tmp_path, without=("dist",))]
    assert names == ["index.html", "src/a.ts", "src/b.ts"]
