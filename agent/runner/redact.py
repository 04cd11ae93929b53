"""Takes secrets out of rows before they are stored. Each different value of a batch is looked at once, by RE2 inside of
Arrow: no expression can take longer than the text is long.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.detectors import CHECKED, DETECTORS, Detector
from agent.runner.prepare import PrepareError
from proto.v1 import tool_pb2
from proto.v1.local_pb2 import Pattern, RedactionRules
from proto.v1.stream_pb2 import StreamSchema

SENSITIVE = (tool_pb2.SENSITIVITY_NAMES, tool_pb2.SENSITIVITY_CONTENT)
_CARD = re.compile(rb"\b\d(?:[ -]?\d){12,18}\b")
Replace = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    replace: Replace


class Redactor:
    """For the streams of one run. Raises PrepareError when a pattern of the host is none for RE2."""

    def __init__(self, streams: Sequence[StreamSchema], rules: RedactionRules) -> None:
        known = [detector for detector in DETECTORS if detector.name in rules.detectors]
        self._built_in = [Rule(detector.name, _detector(detector)) for detector in known]
        self._hint = "|".join(detector.hint for detector in known)
        self._own = [_own(pattern) for pattern in rules.patterns]
        self._columns = [[c for c in stream.columns if c.sensitivity in SENSITIVE] for stream in streams]

    def clean(self, stream: int, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Counter[str]]:
        """The rows with marks in place of secrets, and how many values of rows had one of each kind."""
        found: Counter[str] = Counter()
        for column in self._columns[stream]:
            values = batch.column(column.name)
            if pa.types.is_dictionary(values.type):
                cleaned = self._column(column, values, found)
                batch = batch.set_column(
                    batch.schema.get_field_index(column.name), batch.schema.field(column.name), cleaned
                )
        return batch, found

    def _column(self, column: tool_pb2.Column, values: pa.DictionaryArray, found: Counter[str]) -> pa.DictionaryArray:
        texts, changes = values.dictionary, []
        rules = list(self._own)
        # A file's name is none of the places where programs put secrets, and there are a great many of them.
        if self._hint and column.unit != tool_pb2.UNIT_FILE_PATH and _anywhere(texts, self._hint):
            rules = self._built_in + rules
        for rule in rules:
            after = rule.replace(texts)
            changed = pc.not_equal(after, texts)
            if pc.any(changed).as_py():
                changes.append((rule.name, changed.to_numpy(zero_copy_only=False)))
                texts = after
        if not changes:
            return values
        codes = values.indices.to_numpy()
        found.update({name: count for name, mask in changes if (count := int(np.count_nonzero(mask[codes])))})
        return pa.DictionaryArray.from_arrays(values.indices, texts)


def mark(name: str) -> str:
    """What stands in place of a secret."""
    return f"\u2039redacted:{name}\u203a"


def _anywhere(texts: pa.Array, pattern: str) -> bool:
    """One look over all values at once, as they lie in memory: a pattern without anchors cannot miss one."""
    if not len(texts):
        return False
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    joined = pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(ends[[0, -1]].copy()), data])
    return bool(pc.match_substring_regex(joined, pattern=pattern)[0].as_py())


def _detector(detector: Detector) -> Replace:
    replacement = rf"\1{mark(detector.name)}\2"

    def replace(texts: pa.Array) -> pa.Array:
        hit = pc.match_substring_regex(texts, pattern=detector.hint)
        if not pc.any(hit).as_py():
            return texts
        some = texts.filter(hit)
        if detector.name == CHECKED:
            some = _cards(some, detector.patterns[0])
        else:
            for pattern in detector.patterns:
                some = pc.replace_substring_regex(some, pattern=pattern, replacement=replacement)
        return pc.replace_with_mask(texts, hit, some)

    return replace


def _own(pattern: Pattern) -> Rule:
    def replace(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(texts, pattern=pattern.expression, replacement=mark(pattern.name))

    try:
        replace(pa.array([b""]))
    except pa.ArrowInvalid as error:
        raise PrepareError(
            f"this host's policy: redaction.patterns.{pattern.name} cannot be used: {str(error).splitlines()[0]}"
        ) from error
    return Rule(pattern.name, replace)


def _cards(texts: pa.Array, pattern: str) -> pa.Array:
    """Those that have the form are few."""
    hit = pc.match_substring_regex(texts, pattern=pattern)
    if not pc.any(hit).as_py():
        return texts
    made = [_without_cards(value) for value in texts.filter(hit).cast(pa.binary()).to_pylist()]
    return pc.replace_with_mask(texts, hit, pa.array(made, pa.binary()).cast(texts.type))


def _without_cards(text: bytes) -> bytes:
    return _CARD.sub(lambda match: mark(CHECKED).encode() if _luhn(match.group()) else match.group(), text)


def _luhn(digits: bytes) -> bool:
    """ISO/IEC 7812-1: the last digit of a card's number makes the sum of all a multiple of ten."""
    numbers = [digit - ord("0") for digit in digits if digit >= ord("0")]
    doubled = [sum(divmod(2 * number, 10)) for number in numbers[-2::-2]]
    return (sum(doubled) + sum(numbers[::-2])) % 10 == 0
