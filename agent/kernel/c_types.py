"""C declarations out of BTF: asked-for types with everything they hold by value, at the kernel's own offsets.

Every struct is packed, with explicit padding and an explicit alignment, so that no compiler rule stands between BTF's
offsets and the program's. Pointers to other structs need only a forward declaration; pointers to functions and arrays
become ``void *``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.kernel.btf import COMPOSITE, ENUMS, Btf, BtfType, Kind, Member

_UNSIGNED = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long long"}


@dataclass(frozen=True, slots=True)
class Taken:
    """Names that another header defines and that must not be defined again."""

    tags: frozenset[str] = frozenset()
    typedefs: frozenset[str] = frozenset()
    constants: frozenset[str] = frozenset()


@dataclass(slots=True)
class Declarations:
    """Collects the text. Ask for types, then read ``forwards`` and ``lines`` in this order."""

    btf: Btf
    taken: Taken
    lines: list[str] = field(default_factory=list)
    _forwards: set[str] = field(default_factory=set)
    _done: set[int] = field(default_factory=set)
    _tags: dict[str, int] = field(default_factory=dict)
    _constants: set[str] = field(default_factory=set)

    @property
    def forwards(self) -> list[str]:
        return [f"{tag};" for tag in sorted(self._forwards)]

    def structure(self, found: BtfType) -> None:
        if self._is_done(found) or found.name in self.taken.tags:
            return
        self._tags[found.name] = found.id
        for member in found.members:
            self._whole(member.type)
        self.lines.append(self._body(found) + ";")

    def enum(self, found: BtfType) -> None:
        if self._is_done(found) or found.name in self.taken.tags:
            return
        known = self._constants | self.taken.constants
        fresh = [(name, value) for name, value in found.values if name not in known]
        self._constants.update(name for name, _ in fresh)
        text = ", ".join(f"{name} = {value}" for name, value in fresh or [(f"__no_constant_{found.id}", 0)])
        self.lines.append(f"enum {found.name} {{ {text} }};")

    def typedef(self, found: BtfType) -> None:
        if self._is_done(found) or found.name in self.taken.typedefs or found.name.startswith("__builtin"):
            return
        target = self.btf.bare(found.ref)
        if target.kind is Kind.FUNC_PROTO:
            self.lines.append(f"typedef void {found.name}(void);")
            return
        if target.kind in COMPOSITE and target.name:
            self._forwards.add(_tag(target))
        self._whole(target.id)
        self.lines.append(f"typedef {self._declare(found.ref, found.name)};")

    def _is_done(self, found: BtfType) -> bool:
        known = found.id in self._done
        self._done.add(found.id)
        return known

    def _whole(self, type_id: int) -> None:
        """Declare what must be complete before a value of the type can be held."""
        found = self.btf.bare(type_id)
        if found.kind is Kind.ARRAY:
            self._whole(found.ref)
        elif found.kind is Kind.PTR:
            self._pointed(found.ref)
        elif found.kind in COMPOSITE:
            self._whole_composite(found)
        elif _is_plain_enum(found):
            self.enum(found)
        elif found.kind is Kind.TYPEDEF:
            self.typedef(found)

    def _whole_composite(self, found: BtfType) -> None:
        if found.name and self._owns_tag(found):
            self.structure(found)
            return
        for member in found.members:
            self._whole(member.type)

    def _pointed(self, type_id: int) -> None:
        found = self.btf.bare(type_id)
        if found.kind in COMPOSITE or found.kind is Kind.FWD:
            if found.name:
                self._forwards.add(_tag(found))
            else:
                self._whole(found.id)
        elif found.kind is Kind.PTR:
            self._pointed(found.ref)
        elif found.kind not in (Kind.FUNC_PROTO, Kind.ARRAY, Kind.VOID):
            self._whole(found.id)

    def _owns_tag(self, found: BtfType) -> bool:
        # A kernel may hold two different structs of one name; the second is written out where it is used.
        return self._tags.get(found.name, found.id) == found.id

    def _declare(self, type_id: int, name: str) -> str:
        found = self.btf.bare(type_id)
        if found.kind is Kind.PTR:
            return self._declare_pointer(found, name)
        if found.kind is Kind.ARRAY:
            return self._declare(found.ref, f"{name}[{found.length}]")
        if found.kind in COMPOSITE:
            named = found.name and self._owns_tag(found)
            return f"{_tag(found)} {name}" if named else f"{self._body(found)} {name}"
        if found.kind is Kind.FWD:
            return f"{_tag(found)} {name}"
        if found.kind in ENUMS:
            return f"enum {found.name} {name}" if _is_plain_enum(found) else f"{_UNSIGNED[found.size]} {name}"
        return f"{found.name} {name}"

    def _declare_pointer(self, found: BtfType, name: str) -> str:
        target = self.btf.bare(found.ref)
        if target.kind in (Kind.FUNC_PROTO, Kind.ARRAY):
            return f"void *{name}"
        return self._declare(target.id, f"*{name}")

    def _body(self, found: BtfType) -> str:
        fields = self._union_fields(found) if found.kind is Kind.UNION else self._struct_fields(found)
        tag = _tag(found) if found.name and self._owns_tag(found) else found.kind.name.lower()
        return f"{tag} {{ {' '.join(fields)} }} __attribute__((packed, aligned({self.btf.align(found.id)})))"

    def _union_fields(self, found: BtfType) -> list[str]:
        fields = [self._member(member) for member in found.members if self._is_visible(member)]
        return [*fields, f"char __size_{found.id}[{found.size}];"] if found.size else fields

    def _struct_fields(self, found: BtfType) -> list[str]:
        fields: list[str] = []
        at = 0
        for member in found.members:
            fields += _padding(found.id, at, member.bit_offset)
            at = max(at, member.bit_offset)
            if self._is_visible(member):
                fields.append(self._member(member))
                at = member.bit_offset + (member.bit_size or 8 * self.btf.size(member.type))
        return fields + _padding(found.id, at, 8 * found.size)

    def _is_visible(self, member: Member) -> bool:
        return bool(member.name) or self.btf.bare(member.type).kind in COMPOSITE

    def _member(self, member: Member) -> str:
        width = f":{member.bit_size}" if member.bit_size else ""
        return f"{self._declare(member.type, member.name)}{width};"


def _padding(owner: int, at: int, to: int) -> list[str]:
    """Fields that fill bits ``at`` to ``to``: bits up to the next byte, whole bytes, bits behind them."""
    if to <= at:
        return []
    head = min(-at % 8, to - at)
    whole, tail = divmod(to - at - head, 8)
    fields = [f"unsigned char :{head};"] if head else []
    if whole:
        fields.append(f"char __pad_{owner}_{at}[{whole}];")
    if tail:
        fields.append(f"unsigned char :{tail};")
    return fields


def _is_plain_enum(found: BtfType) -> bool:
    return found.kind in ENUMS and bool(found.name) and found.size == 4


def _tag(found: BtfType) -> str:
    is_union = found.kind is Kind.UNION or (found.kind is Kind.FWD and found.is_union)
    return f"{'union' if is_union else 'struct'} {found.name}"
