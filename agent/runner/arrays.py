"""numpy arrays from the kernel as Arrow arrays, without touching single values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from proto.v1 import tool_pb2 as pb

NUL = b"\0"
IPV4_BYTES = 4


def number_array(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Shares the memory of contiguous values: it is valid as long as they are."""
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def char_array(column: pb.Column, values: np.ndarray) -> pa.DictionaryArray:
    """From the ``V<n>`` values of a char column that a probe fills: what lies behind a text is zero."""
    return fixed_bytes_array(values, _MEANINGS.get(column.unit, _without_padding))


def meaning(column: pb.Column) -> Callable[[bytes], bytes]:
    """What bytes that the kernel filled become in a row: behind a text may be anything."""
    return bytes if column.role == pb.ROLE_PAYLOAD else _MEANINGS.get(column.unit, _until_nul)


def hex_digits(data: bytes) -> bytes:
    """Bytes that are no text."""
    return data.hex().encode()


def address_text(address: bytes) -> bytes:
    """Of 16 bytes as people write them, IPv4 mapped into IPv6; or of 4, IPv4 alone."""
    if len(address) == IPV4_BYTES:
        return str(IPv4Address(address)).encode()
    parsed = IPv6Address(address)
    return str(parsed.ipv4_mapped or parsed).encode()


def _without_padding(word: bytes) -> bytes:
    return word.rstrip(NUL)


def _until_nul(word: bytes) -> bytes:
    return word.split(NUL, 1)[0]


_MEANINGS = {pb.UNIT_IP_ADDRESS: address_text, pb.UNIT_HEX: hex_digits}


def fixed_bytes_array(values: np.ndarray, make: Callable[[bytes], bytes] = _without_padding) -> pa.DictionaryArray:
    """From ``V<n>`` values; ``make`` makes each different one what is stored, by default without padding NULs."""
    if len(values) and _all_equal(values):
        indices, words = np.zeros(len(values), np.int32), [values[0].tobytes()]
    else:
        coded = pc.dictionary_encode(_fixed(values))
        indices, words = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    return binary_dictionary(indices, pa.array([make(word) for word in words], pa.binary()))


def slot_array(slots: np.ndarray, *, zeroed: bool) -> pa.DictionaryArray:
    """From ``V<4+n>`` values: a u32 length and a slot. ``zeroed``: what lies behind a value in its slot is zero."""
    if not zeroed:
        return pc.dictionary_encode(_cut(slots))
    coded = pc.dictionary_encode(_fixed(slots))
    return pa.DictionaryArray.from_arrays(coded.indices, _cut(_as_numpy(coded.dictionary, slots.dtype)))


def join_dictionaries(parts: Sequence[pa.DictionaryArray]) -> tuple[np.ndarray, pa.Array]:
    """Indices and dictionary of all parts one after the other."""
    base, indices = 0, []
    for part in parts:
        indices.append(part.indices.to_numpy() + np.int32(base))
        base += len(part.dictionary)
    return np.concatenate(indices), pa.concat_arrays([part.dictionary for part in parts])


def binary_dictionary(indices: np.ndarray, dictionary: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(number_array(indices, pa.int32()), dictionary)


def name_array(values: np.ndarray, name: Callable[[int], str]) -> pa.DictionaryArray:
    unique, inverse = np.unique(values, return_inverse=True)
    words = pa.array([name(int(value)) for value in unique], pa.utf8())
    return pa.DictionaryArray.from_arrays(number_array(inverse.astype(np.int32), pa.int32()), words)


def text_array(values: np.ndarray, text: Callable[[int], str]) -> pa.DictionaryArray:
    """What ``text`` makes of each different number; many may become the same."""
    if len(values) and (values == values[0]).all():
        return pa.DictionaryArray.from_arrays(
            number_array(np.zeros(len(values), np.int32), pa.int32()), pa.array([text(int(values[0]))], pa.utf8())
        )
    coded = pc.dictionary_encode(pa.array(values))
    texts = [text(value) for value in coded.dictionary.to_pylist()]
    words = list(dict.fromkeys(texts))
    place = np.array([words.index(word) for word in texts], np.int32)
    indices = number_array(place[coded.indices.to_numpy()], pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.utf8()))


def stack_array(stacks: Sequence[Sequence[str]]) -> pa.ListArray:
    offsets = np.zeros(len(stacks) + 1, np.int32)
    np.cumsum([len(stack) for stack in stacks], out=offsets[1:])
    frames = pc.dictionary_encode(pa.array([frame for stack in stacks for frame in stack], pa.utf8()))
    return pa.ListArray.from_arrays(number_array(offsets, pa.int32()), frames)


def compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with dictionaries that hold only what they use."""
    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            columns.append(_used(column))
        elif pa.types.is_list(column.type):
            offsets = column.offsets.to_numpy()
            starts = number_array(offsets - offsets[0], pa.int32())
            columns.append(pa.ListArray.from_arrays(starts, _used(column.flatten())))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _used(column: pa.DictionaryArray) -> pa.DictionaryArray:
    return column.dictionary_decode().dictionary_encode()


def _all_equal(values: np.ndarray) -> bool:
    """One program name in a whole batch is what a run on one process has."""
    if values.dtype.itemsize % 8:
        return False
    words = np.ascontiguousarray(values).view(np.uint64).reshape(len(values), -1)
    return bool((words == words[0]).all())


def _fixed(values: np.ndarray) -> pa.Array:
    return number_array(values, pa.binary(values.dtype.itemsize))


def _as_numpy(array: pa.Array, dtype: np.dtype[np.void]) -> np.ndarray:
    data = array.buffers()[1]
    return np.frombuffer(data, dtype, len(array), array.offset * dtype.itemsize)


def _cut(slots: np.ndarray) -> pa.Array:
    """Values of their own length, copied out of equally large slots."""
    table = np.ascontiguousarray(slots).view(np.uint8).reshape(len(slots), slots.dtype.itemsize)
    lengths = table[:, :4].copy().view(np.uint32).ravel()
    longest = int(lengths.max(initial=0))
    offsets = np.zeros(len(slots) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    wanted = np.arange(longest, dtype=np.uint32) < lengths[:, None]
    data = table[:, 4 : 4 + longest][wanted]
    return pa.Array.from_buffers(pa.binary(), len(slots), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
