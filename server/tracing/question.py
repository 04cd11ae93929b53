"""Questions about the rows of a session: one small typed model for every view, the command line and exports."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, model_validator

from server.tracing import predicates

Function = Literal["count", "sum", "min", "max", "avg", "p50", "p90", "p99", "percentile", "distinct"]
Name = Annotated[str, Field(max_length=64)]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Filter(Strict):
    """Bytes are written by the rule of exports; `time` is the wall clock in ns; a list belongs to `in`.

    `has` looks for text in any case, and into the digits of numbers; `bits` wants all of these set. A row of a host
    that has no such column passes neither a filter nor its opposite.
    """

    column: Name
    op: predicates.Operator
    value: int | Annotated[str, Field(max_length=8192)] | Annotated[list[int | str], Field(max_length=1000)]
    negated: bool = False


Alternatives = Annotated[list[Filter], Field(min_length=1, max_length=100)]


class Key(Strict):
    """A column to group by. `width`: by ranges of this width; `log2`: by powers of two."""

    column: Name
    width: Annotated[int, Field(gt=0, lt=2**62)] | None = None
    log2: bool = False


class Measure(Strict):
    """`percent` belongs to `percentile`: the smallest value that so many percent of the rows do not exceed."""

    function: Function
    column: Name = ""
    percent: Annotated[float, Field(gt=0, lt=100)] | None = None

    @model_validator(mode="after")
    def _percent_where_it_belongs(self) -> Measure:
        if (self.percent is not None) != (self.function == "percentile"):
            raise ValueError("percent belongs to the function percentile, which needs it")
        return self

    @property
    def name(self) -> str:
        function = f"p{self.percent:g}" if self.percent is not None else self.function
        return f"{function}_{self.column}" if self.column else function

    @property
    def share(self) -> Fraction | None:
        """Between 0 and 1, exactly as it is written; None when the function is no percentile."""
        if self.percent is not None:
            return Fraction(repr(self.percent)) / 100
        return {"p50": Fraction(1, 2), "p90": Fraction(9, 10), "p99": Fraction(99, 100)}.get(self.function)


class Order(Strict):
    by: Name
    descending: bool = False


class Question(Strict):
    """Without `group_by` and `measures` it asks for rows, in the order in which they were stored.

    Rows have to pass all of `filters`, and of each list in `any_of` at least one.
    """

    stream: Name = ""
    columns: Annotated[list[Name], Field(max_length=100)] = []
    filters: Annotated[list[Filter], Field(max_length=50)] = []
    any_of: Annotated[list[Alternatives], Field(max_length=20)] = []
    group_by: Annotated[list[Key], Field(max_length=8)] = []
    measures: Annotated[list[Measure], Field(max_length=20)] = []
    order: Annotated[list[Order], Field(max_length=8)] = []
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0  # deeper: filter by row

    @property
    def conditions(self) -> list[Filter]:
        """All that a row is held against."""
        return [*self.filters, *(wanted for alternatives in self.any_of for wanted in alternatives)]
