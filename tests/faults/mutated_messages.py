"""Messages that are in order as far as their encoding goes, with fields that no honest sender would fill so."""

from __future__ import annotations

import random
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.faults.mutated import mutated
from tests.hostile import strings

M = TypeVar("M", bound=Message)

SHELL = ("a$(touch PWN)", "`touch PWN`", ";touch PWN;", "| touch PWN", "\n touch PWN", "' touch PWN '", '" touch PWN "')
_TEXTS = (*SHELL, *strings(), "", "\0", "x" * 70_000, "../../../../tmp/x", "/proc/self/exe", "/", "%s%n", "NaN", "-1")
_NUMBERS = (0, 1, 2, 5, 127, 128, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_BITS = {
    FieldDescriptor.CPPTYPE_INT32: (32, True),
    FieldDescriptor.CPPTYPE_ENUM: (32, True),
    FieldDescriptor.CPPTYPE_INT64: (64, True),
    FieldDescriptor.CPPTYPE_UINT32: (32, False),
    FieldDescriptor.CPPTYPE_UINT64: (64, False),
}


def changed(message: M, chance: random.Random) -> M:
    """A copy with one to four fields changed, at any depth."""
    copy = type(message)()
    copy.CopyFrom(message)
    for _ in range(chance.randint(1, 4)):
        place = _place(copy, chance)
        _change(place, chance.choice(place.DESCRIPTOR.fields), chance)
    return copy


def _place(message: Message, chance: random.Random) -> Message:
    """The message itself or one inside it."""
    inside = [one for field, value in message.ListFields() for one in _messages(field, value)]
    return _place(chance.choice(inside), chance) if inside and chance.random() < 0.5 else message


def _messages(field: Any, value: Any) -> list[Message]:
    if field.message_type is None or field.message_type.GetOptions().map_entry:
        return []
    return list(value) if field.is_repeated else [value]


def _change(message: Message, field: Any, chance: random.Random) -> None:
    kind, held = field.message_type, getattr(message, field.name)
    if chance.random() < 0.15:
        message.ClearField(field.name)
    elif kind is not None and kind.GetOptions().map_entry:
        held[chance.choice([*held, *_TEXTS])] = chance.choice(_TEXTS)
    elif kind is not None:
        (held.add() if field.is_repeated else held).SetInParent()
    elif field.is_repeated:
        held.extend([_value(field, b"", chance)] * chance.choice((1, 2, 300)))
    else:
        setattr(message, field.name, _value(field, held, chance))


def _value(field: Any, held: Any, chance: random.Random) -> Any:
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return mutated(held or b"x" * 32, chance) if field.type == field.TYPE_BYTES else chance.choice(_TEXTS)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return not held
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return chance.choice((float("nan"), float("inf"), -1.0, 1e300))
    bits, signed = _BITS[field.cpp_type]
    number = chance.choice(_NUMBERS) % 2**bits
    return number - 2**bits if signed and number >= 2 ** (bits - 1) else number
