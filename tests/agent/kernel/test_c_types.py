"""The declarations compile, and a compiler lays them out as BTF says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from agent.kernel.btf import Btf, BtfType, Kind
from agent.kernel.c_types import Declarations, Taken
from tests.agent.kernel.btf_blob import BtfBlob


def declare(blob: BtfBlob, *ids: int, taken: Taken | None = None) -> tuple[Btf, str]:
    btf = Btf(blob.data())
    made = Declarations(btf, taken or Taken())
    for type_id in ids:
        declare_one(made, btf[type_id])
    return btf, "\n".join([*made.forwards, *made.lines, ""])


def declare_one(made: Declarations, found: BtfType) -> None:
    match found.kind:
        case Kind.STRUCT | Kind.UNION:
            made.structure(found)
        case Kind.ENUM:
            made.enum(found)
        case _:
            made.typedef(found)


def check_compiles(text: str, folder: Path) -> None:
    source = folder / "types.c"
    source.write_text(text)
    done = subprocess.run(["gcc", "-fsyntax-only", str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + text


def test_holes_bit_fields_and_odd_alignments_stay_where_they_are(tmp_path: Path) -> None:
    blob = BtfBlob()
    number, byte, long = blob.integer("int", 4), blob.integer("char", 1), blob.integer("long", 8)
    inner = blob.composite(Kind.UNION, "", 8, [("all", long, 0), ("half", number, 0)])
    odd = blob.composite(Kind.STRUCT, "odd", 64, [("tag", byte, 0), ("late", number, 96), ("", inner, 256)])
    bits = blob.bits("bits", 8, [("one", number, 1, 1), ("five", number, 11, 5), ("whole", number, 32, 0)])
    _, text = declare(blob, odd, bits)
    text += """
        _Static_assert(sizeof(struct odd) == 64 && sizeof(struct bits) == 8, "size");
        _Static_assert(__builtin_offsetof(struct odd, late) == 12, "late");
        _Static_assert(__builtin_offsetof(struct odd, half) == 32, "half");
        _Static_assert(__builtin_offsetof(struct bits, whole) == 4, "whole");
    """
    check_compiles(text, tmp_path)
    assert "one:1;" in text and "five:5;" in text


def test_what_is_only_pointed_to_is_not_opened(tmp_path: Path) -> None:
    blob = BtfBlob()
    number = blob.integer("int", 4)
    far = blob.composite(Kind.STRUCT, "far", 4, [("secret", number, 0)])
    callback = blob.to(Kind.PTR, blob.function(2))
    near = blob.composite(
        Kind.STRUCT, "near", 24, [("to", blob.to(Kind.PTR, far), 0), ("call", callback, 64), ("n", number, 128)]
    )
    _, text = declare(blob, near)
    check_compiles(text, tmp_path)
    assert "struct far;" in text and "secret" not in text and "void *call" in text


def test_two_structs_of_one_name_do_not_collide(tmp_path: Path) -> None:
    blob = BtfBlob()
    number, long = blob.integer("int", 4), blob.integer("long", 8)
    first = blob.composite(Kind.STRUCT, "twin", 4, [("small", number, 0)])
    second = blob.composite(Kind.STRUCT, "twin", 8, [("large", long, 0)])
    both = blob.composite(Kind.STRUCT, "both", 16, [("a", first, 0), ("b", second, 64)])
    _, text = declare(blob, first, both)
    check_compiles(text + '_Static_assert(__builtin_offsetof(struct both, b) == 8, "b");', tmp_path)
    assert "large" in text


def test_names_that_another_header_defines_are_left_out(tmp_path: Path) -> None:
    blob = BtfBlob()
    number = blob.integer("int", 4)
    known = blob.composite(Kind.STRUCT, "known", 4, [("n", number, 0)])
    state = blob.enum("state", [("KNOWN", 1), ("FRESH", 2)])
    alias = blob.to(Kind.TYPEDEF, number, "known_t")
    user = blob.composite(Kind.STRUCT, "user", 12, [("k", known, 0), ("s", state, 32), ("t", alias, 64)])
    taken = Taken(frozenset({"known"}), frozenset({"known_t"}), frozenset({"KNOWN"}))
    _, text = declare(blob, known, state, user, taken=taken)
    before = "struct known { int n; }; typedef int known_t; enum { KNOWN = 1 };\n"
    check_compiles(before + text, tmp_path)
    assert "FRESH = 2" in text and "KNOWN" not in text
