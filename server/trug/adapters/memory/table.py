"""A sorted table in memory whose changes can be taken back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from typing import Generic, TypeVar

V = TypeVar("V")

Place = tuple[int | str, ...]
"""A row's key. Text compares by code points, which is the order of its UTF-8 bytes."""


class Journal:
    """How to take back what was done to the tables since the last commit, in order."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []

    def note(self, step: Callable[[], None]) -> None:
        self._steps.append(step)

    def keep(self) -> None:
        self._steps.clear()

    def undo(self) -> None:
        while self._steps:
            self._steps.pop()()


class Table(Generic[V]):
    """Rows by place, in the order of their places."""

    def __init__(self, journal: Journal) -> None:
        self._rows: dict[Place, V] = {}
        self._order: list[Place] = []
        self._journal = journal

    def find(self, *place: int | str) -> V | None:
        return self._rows.get(place)

    def put(self, row: V, *place: int | str) -> None:
        self._journal.note(partial(self._restore, place, self._rows.get(place)))
        self._set(place, row)

    def remove(self, *place: int | str) -> None:
        if place in self._rows:
            self._journal.note(partial(self._restore, place, self._rows[place]))
            self._forget(place)

    def since(self, *place: int | str) -> Iterator[V]:
        """Rows at ``place`` and above; a place that is only a beginning is below all it begins."""
        return self._above(bisect_left(self._order, place))

    def after(self, *place: int | str) -> Iterator[V]:
        """Rows above ``place``."""
        return self._above(bisect_right(self._order, place))

    def places_after(self, place: Place) -> Iterator[Place]:
        """Places above ``place``."""
        return map(self._order.__getitem__, range(bisect_right(self._order, place), len(self._order)))

    def places_since(self, place: Place) -> Iterator[Place]:
        """Places at ``place`` and above."""
        return map(self._order.__getitem__, range(bisect_left(self._order, place), len(self._order)))

    def places_under(self, *beginning: int | str) -> list[Place]:
        """All places that begin so."""
        length = len(beginning)
        return list(takewhile(lambda place: place[:length] == beginning, self.places_after(beginning)))

    def _above(self, index: int) -> Iterator[V]:
        return (self._rows[self._order[i]] for i in range(index, len(self._order)))

    def _set(self, place: Place, row: V) -> None:
        if place not in self._rows:
            self._order.insert(bisect_left(self._order, place), place)
        self._rows[place] = row

    def _forget(self, place: Place) -> None:
        del self._rows[place]
        del self._order[bisect_left(self._order, place)]

    def _restore(self, place: Place, row: V | None) -> None:
        if row is None:
            self._forget(place)
        else:
            self._set(place, row)
