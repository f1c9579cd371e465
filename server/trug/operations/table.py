"""The one table of operations: from method, target, query and headers to a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.operations.operation import Operation
from trug.operations.routes import Level, Route
from trug.wire.request import Headers, Target

NOTHING: frozenset[str] = frozenset()

# Sub-resources that are plain inputs of these rows as well.
INPUTS = {
    "GetObject": frozenset({"partNumber"}),
    "HeadObject": frozenset({"partNumber"}),
    "ListObjects": frozenset({"list-type"}),
}

NAMED = {Level.SERVICE: "the service", Level.BUCKET: "a bucket", Level.OBJECT: "a key"}


class Row(NamedTuple):
    """An operation, and its route read."""

    route: Route
    operation: Operation[Any]

    def fits(self, asked: frozenset[str], parameters: Mapping[str, str], headers: Headers) -> bool:
        """Whether this row answers all that was asked for."""
        route = self.route
        if route.header and route.header not in headers:
            return False
        if not asked - route.names <= INPUTS.get(self.operation.name, NOTHING):
            return False
        return all(name in parameters and value in (None, parameters[name]) for name, value in route.query)


class Place(NamedTuple):
    """The rows of one method on one level, the most specific first.

    ``naming`` has those with a query by each name in it, ``bare`` those without; ``plain`` needs no header either.
    """

    rows: tuple[Row, ...] = ()
    naming: Mapping[str, tuple[Row, ...]] = MappingProxyType({})
    bare: tuple[Row, ...] = ()
    plain: Operation[Any] | None = None
    headers: frozenset[str] = NOTHING

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Place:
        ordered = tuple(sorted(rows, key=lambda row: -row.route.weight))
        names = {name for row in ordered for name in row.route.names}
        last = ordered[-1]
        return cls(
            rows=ordered,
            naming={name: tuple(row for row in ordered if name in row.route.names) for name in names},
            bare=tuple(row for row in ordered if not row.route.query),
            plain=None if last.route.weight else last.operation,
            headers=frozenset(row.route.header for row in ordered if row.route.header),
        )

    @property
    def is_at_hand(self) -> bool:
        """Whether ``plain`` may be answered at once: none of the headers of other rows fits there."""
        at_hand = None if self.plain is None else self.plain.at_hand
        return at_hand is not None and not any(at_hand.fits.judge((name,)) for name in self.headers)

    def candidates(self, asked: frozenset[str]) -> Iterator[Row]:
        """Rows that may fit: one that has a query has all that is asked for in it, so that any name finds it."""
        for name in asked:
            yield from self.naming.get(name, ())
            break
        yield from self.bare


NOWHERE = Place()


class OperationTable:
    """All rows. The most specific one that fits wins, whatever their order; equal routes are refused.

    What a query asks for is told by its sub-resources, the first names in the queries of routes (``tagging``,
    ``uploadId``). A request never falls through from a sub-resource to a row that does not have it; other names in a
    query are the operation's own business, or nobody's.
    """

    def __init__(self, operations: Iterable[Operation[Any]]) -> None:
        self.operations: tuple[Operation[Any], ...] = tuple(operations)
        rows = [Row(Route.parse(operation.route), operation) for operation in self.operations]
        _refuse_equals(rows)
        groups: dict[tuple[str, Level], list[Row]] = {}
        for row in rows:
            groups.setdefault((row.route.method, row.route.level), []).append(row)
        self._places = {key: Place.of(group) for key, group in groups.items()}
        self._subresources = frozenset(row.route.subresource for row in rows) - {""}

    def resolve(self, method: str, target: Target, parameters: Mapping[str, str], headers: Headers) -> Operation[Any]:
        """The row of a request. MethodNotAllowed, InvalidRequest or InvalidArgument when none fits."""
        level = Level.SERVICE if target.bucket is None else Level.BUCKET if target.key is None else Level.OBJECT
        place = self._places.get((method, level), NOWHERE)
        asked = self._subresources & parameters.keys() if parameters else NOTHING
        if place.plain is not None and not asked and (not place.headers or place.headers.isdisjoint(headers)):
            return place.plain
        for row in place.candidates(asked):
            if row.fits(asked, parameters, headers):
                return row.operation
        raise self._refusal(method, level, asked, parameters)

    @property
    def at_hand(self) -> Mapping[str, Operation[Any]]:
        """By method, what a request on a key without query is that may be answered at once: with headers that fit, it
        is nothing else."""
        return {
            method: place.plain
            for (method, level), place in self._places.items()
            if level is Level.OBJECT and place.plain is not None and place.is_at_hand
        }

    # --- why not ---

    def _refusal(self, method: str, level: Level, asked: frozenset[str], parameters: Mapping[str, str]) -> S3Error:
        if not asked:
            return self._not_allowed(level, "", method)
        for name in sorted(asked):
            if self._is_misplaced(method, level, name):
                return S3Error(
                    ErrorCode.InvalidRequest, f"There is no such thing as the ?{name} sub-resource for {NAMED[level]}"
                )
        rows = self._places.get((method, level), NOWHERE).rows
        near = [row.route for row in rows if asked & row.route.names]
        if len(asked) > 1 and near and not any(asked <= route.names for route in near):
            names = ", ".join(sorted(asked))
            return invalid_argument(f"Conflicting query string parameters: {names}", "ResourceType", min(asked))
        return _incomplete(near, parameters) or self._not_allowed(level, min(asked), method)

    def _is_misplaced(self, method: str, level: Level, name: str) -> bool:
        """Whether a sub-resource is one of other things only, or the method is for it elsewhere but not here."""
        if level not in self._levels(name):
            return True
        return level not in self._levels(name, method) and bool(self._levels(name, method))

    def _levels(self, name: str, method: str | None = None) -> set[Level]:
        return {
            level
            for (verb, level), place in self._places.items()
            if method in (None, verb) and any(name in row.route.names for row in place.rows)
        }

    def _not_allowed(self, level: Level, subresource: str, method: str) -> S3Error:
        allowed = sorted(
            verb
            for (verb, place_level), place in self._places.items()
            if place_level == level and any(row.route.subresource == subresource for row in place.rows)
        )
        return S3Error(
            ErrorCode.MethodNotAllowed,
            fields={"Method": method[:32], "ResourceType": (subresource or level.name).upper()},
            headers={"allow": ", ".join(allowed)},
        )


def _incomplete(routes: Iterable[Route], parameters: Mapping[str, str]) -> S3Error | None:
    """What a query lacks, or says wrongly, to be one of these routes; None when that is not what is wrong."""
    for name, value in (item for route in routes for item in route.query):
        if name not in parameters:
            return invalid_argument(f"This operation needs the query parameter {name}.", name, "")
        if value not in (None, parameters[name]):
            return invalid_argument(f"Invalid value for the query parameter {name}.", name, parameters[name])
    return None


def _refuse_equals(rows: Sequence[Row]) -> None:
    seen: dict[tuple[str, Level, frozenset[tuple[str, str | None]], str], str] = {}
    for route, row in rows:
        place = (route.method, route.level, frozenset(route.query), route.header)
        if place in seen:
            raise ValueError(f"{row.name} and {seen[place]} have the same route: {row.route}")
        seen[place] = row.name
