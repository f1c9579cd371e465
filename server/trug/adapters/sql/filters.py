"""Filters compiled to SQLAlchemy expressions: every value a parameter, never SQL by string."""

from __future__ import annotations

from collections.abc import Callable
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


class ItemClauses:
    """What a bound condition without names is over ``items``. NULL counts as false."""

    def __call__(self, condition: Condition) -> Clause:
        match condition:
            case Every(parts):
                return and_(true(), *map(self, parts))
            case Some(parts):
                return or_(false(), *map(self, parts))
            case Not(part):
                return self(part).is_not(true())
            case Matches(words):
                return self.matching(words)
            case Has(field):
                return self.has(field)
            case Among(field, values):
                return or_(false(), *(self.compared(field, "=", value) for value in values))
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

    def on_text(self, field: str, clause: Callable[[ColumnElement[Any]], Any]) -> Clause:
        if field in s.items.c:
            return clause(s.items.c[field])  # type: ignore[no-any-return]
        kind = func.json_type(s.items.c.document, json_path(field))
        return and_(kind == "text", clause(self.found(field)))

    def found(self, field: str) -> ColumnElement[Any]:
        return func.json_extract(s.items.c.document, json_path(field))


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
