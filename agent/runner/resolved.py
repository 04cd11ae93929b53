"""What a run finds out about its columns before it loads anything, for tools whose manifest cannot know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.kernel.functions import Function
from bpf.dynamic import RawField


@dataclass(frozen=True, slots=True)
class Resolved:
    """``fields``: the columns behind the manifest's. ``classes``: sizes of slots for the raw bytes. ``defines``:
    numbers for the program, as NAME=number. ``maps``: what its arrays hold, by name. ``functions``: what to attach
    to, where the host had to look it up for the columns.
    """

    fields: Sequence[RawField]
    classes: Sequence[int]
    defines: Sequence[str] = ()
    maps: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    functions: Sequence[Function] = ()
