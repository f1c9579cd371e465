"""Filters compiled to SQLAlchemy expressions: every value a parameter, never SQL by string."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import ColumnElement, and_, column, false, func, literal, or_, select, true

from trug.adapters.sql import schema as s
from trug.domain.filters import (
    ANYTHING,
    ONE,
    Among,
    Begins,
    Compared,
    Condition,
    Every,
    Has,
    Like,
    Matches,
    Named,
    Not,
    Scalar,
    Some,
    Variable,
    pieces_of,
)
from trug.domain.item_fields import path_of
from trug.domain.keys import after_prefix

Clause = ColumnElement[bool]
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
NUMBERS = ("integer", "real")
AT_ONCE = 16


class ItemClauses:
    """What a bound condition without names is over ``items``. NULL counts as false."""

    def __call__(self, condition: Condition) -> Clause:
        match condition:
            case Every(parts):
                return balanced(and_, true(), list(map(self, parts)))
            case Some(parts):
                return balanced(or_, false(), list(map(self, parts)))
            case Not(part):
                return self(part).is_not(true())
            case Matches(words):
                return self.matching(words)
            case Has(field):
                return self.has(field)
            case Among(field, values):
                return self.among(field, values)
            case Compared(field, operator, value):
                return self.compared(field, operator, value)
            case Like(field, pattern):
                return self.on_text(field, lambda found: found.op("GLOB")(glob_of(pattern)))
            case Begins(field, text):
                return self.on_text(field, lambda found: begins(found, str(text)))
            case Named():
                raise ValueError(f"the filter {condition.name} is only a name")

    def matching(self, words: tuple[str, ...]) -> Clause:
        """The words have letters and digits alone: in quotes none of them is an operator of FTS5."""
        asked = " ".join(f'"{word}"' for word in words)
        found = select(s.item_words.c.rowid).where(column("item_words").op("MATCH")(asked))
        return s.items.c.number.in_(found)

    def has(self, field: str) -> Clause:
        if field == "expires":
            return s.items.c.expires != 0
        if field in s.items.c:
            return true()
        return func.json_type(s.items.c.document, json_path(field)).in_(["text", "true", "false", *NUMBERS])

    def compared(self, field: str, operator: str, value: Scalar | Variable) -> Clause:
        if isinstance(value, Variable):
            raise ValueError(f"the variable {value.name} is not bound")
        if field in s.items.c:
            clause: Clause = OPERATORS[operator](s.items.c[field], value)
            return and_(s.items.c.expires != 0, clause) if field == "expires" else clause
        kind = func.json_type(s.items.c.document, json_path(field))
        if isinstance(value, bool):
            wanted = value if operator == "=" else not value
            return kind == ("true" if wanted else "false")
        is_fit = kind == "text" if isinstance(value, str) else kind.in_(NUMBERS)
        return and_(is_fit, OPERATORS[operator](self.found(field), literal(value)))

    def among(self, field: str, values: Sequence[Scalar | Variable]) -> Clause:
        """One list for the texts and one for the numbers: SQLite parses no expression that is 1,000 deep."""
        if any(isinstance(value, Variable) for value in values):
            raise ValueError(f"a variable among the values of {field} is not bound")
        told = [self.compared(field, "=", value) for value in values if isinstance(value, bool)]
        texts = [value for value in values if isinstance(value, str)]
        numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
        if field in s.items.c:
            listed = [s.items.c[field].in_(values)]
            return and_(s.items.c.expires != 0, *listed) if field == "expires" else listed[0]
        kind = func.json_type(s.items.c.document, json_path(field))
        if texts:
            told.append(and_(kind == "text", self.found(field).in_(texts)))
        if numbers:
            told.append(and_(kind.in_(NUMBERS), self.found(field).in_(numbers)))
        return or_(false(), *told)

    def on_text(self, field: str, clause: Callable[[ColumnElement[Any]], Any]) -> Clause:
        if field in s.items.c:
            return clause(s.items.c[field])  # type: ignore[no-any-return]
        kind = func.json_type(s.items.c.document, json_path(field))
        return and_(kind == "text", clause(self.found(field)))

    def found(self, field: str) -> ColumnElement[Any]:
        return func.json_extract(s.items.c.document, json_path(field))


def balanced(join: Callable[..., Clause], start: Clause, clauses: Sequence[Clause]) -> Clause:
    """All of them joined, so that the expression is not as deep as they are many."""
    while len(clauses) > AT_ONCE:
        starts = range(0, len(clauses), AT_ONCE)
        clauses = [join(start, *clauses[place : place + AT_ONCE]).is_(true()) for place in starts]
    return join(start, *clauses)


def json_path(field: str) -> str:
    """SQLite's path to a field of a document; no step has a quote in it."""
    return "$" + "".join(f'."{step}"' for step in path_of(field))


def begins(found: ColumnElement[Any], text: str) -> Clause:
    stop = after_prefix(text)
    return and_(found >= text, found < stop) if stop else found >= text


def glob_of(pattern: str) -> str:
    """A pattern as SQLite's GLOB has it, for which case counts."""
    return "".join(_globbed(piece) for piece in pieces_of(pattern))


def _globbed(piece: str | None) -> str:
    if piece is ANYTHING:
        return "*"
    if piece == ONE:
        return "?"
    return f"[{piece}]" if piece in "*?[" else piece
