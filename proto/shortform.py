"""Messages as plain dictionaries in the short form of ``tool.toml``: enum values without their prefix and in lower case
(``RISK_S2`` is ``"s2"``), repeated messages by their singular name on the way in (``[[param]]`` fills ``params``).

The same rendering goes to the API, where repeated fields keep their plural name and every field is present.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message


class ShortFormError(ValueError):
    """A key or value does not fit the message. The text is ``key: why``."""


def enum_short(enum: EnumDescriptor, number: int) -> str:
    """``"u32"`` for ``CTYPE_U32``; empty for the unspecified value."""
    value = enum.values_by_number.get(number)
    if value is None or value.number == 0:
        return ""
    return value.name.removeprefix(_prefix(enum)).lower()


def enum_choices(enum: EnumDescriptor) -> list[str]:
    return [enum_short(enum, value.number) for value in enum.values if value.number]


def to_dict(message: Message) -> dict[str, Any]:
    """Every field, also the unset ones; 64-bit integers stay numbers, bytes become base64."""
    return {field.name: _render(message, field) for field in message.DESCRIPTOR.fields}


def set_fields(message: Message) -> dict[str, Any]:
    """Only what is set. 64-bit numbers stay numbers, which the message's own JSON would write as text."""
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is not None:
            found[field.name] = set_fields(value)
        else:
            found[field.name] = list(value) if field.is_repeated else value
    return found


def fill(message: Message, data: Mapping[str, Any]) -> None:
    """Parse a short-form dictionary into the message. Raises ShortFormError naming the key."""
    descriptor: Any = message.DESCRIPTOR
    long_form = _long_table(descriptor, data, "")
    try:
        ParseDict(long_form, message)
    except ParseError as error:
        raise ShortFormError(str(error).replace("\n", " ")) from error


def _prefix(enum: EnumDescriptor) -> str:
    return enum.values_by_number[0].name.removesuffix("UNSPECIFIED")


def _render(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return [_render_value(field, item) for item in value]
    return _render_value(field, value)


def _render_value(field: FieldDescriptor, value: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return to_dict(value)
    if field.enum_type is not None:
        return enum_short(field.enum_type, value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64encode(value).decode()
    return value


def _toml_key(field: FieldDescriptor) -> str:
    many = field.is_repeated and field.type == FieldDescriptor.TYPE_MESSAGE
    return field.name.removesuffix("s") if many else field.name


def _long_table(descriptor: Descriptor, data: Mapping[str, Any], where: str) -> dict[str, Any]:
    fields = {_toml_key(field): field for field in descriptor.fields}
    result: dict[str, Any] = {}
    for key, value in data.items():
        field = fields.get(key)
        if field is None:
            raise ShortFormError(f"{where}{key}: unknown key; known are {', '.join(sorted(fields))}")
        result[field.name] = _long_value(field, value, f"{where}{key}")
    return result


def _long_value(field: FieldDescriptor, value: Any, where: str) -> Any:
    if not field.is_repeated:
        return _long_item(field, value, where)
    if not isinstance(value, list):
        raise ShortFormError(f"{where}: must be a list, not {type(value).__name__}")
    return [_long_item(field, item, f"{where}[{index}]") for index, item in enumerate(value)]


_SCALARS: dict[int, tuple[type, ...]] = {
    FieldDescriptor.CPPTYPE_STRING: (str,),
    FieldDescriptor.CPPTYPE_BOOL: (bool,),
    FieldDescriptor.CPPTYPE_DOUBLE: (int, float),
}


def _long_item(field: FieldDescriptor, value: Any, where: str) -> Any:
    if field.message_type is not None:
        if not isinstance(value, Mapping):
            raise ShortFormError(f"{where}: must be a table, not {type(value).__name__}")
        return _long_table(field.message_type, value, f"{where}.")
    if field.enum_type is not None:
        return _long_enum(field.enum_type, value, where)
    wanted = _SCALARS.get(field.cpp_type, (int,))
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise ShortFormError(f"{where}: must be {wanted[0].__name__}, not {value!r}")
    return value


def _long_enum(enum: EnumDescriptor, value: Any, where: str) -> str:
    if value not in enum_choices(enum):
        raise ShortFormError(f"{where}: {value!r} is not one of {', '.join(enum_choices(enum))}")
    return f"{_prefix(enum)}{value.upper()}"
