"""Changes written as one straight function each: it asks for rows where it needs them, then says what is done.

A script is a generator without side effects. It is played from its beginning with the rows got so far, once for each
row it asks for and once to decide; an IamError that it raises is the rejection.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from trug.domain.frozen import frozen
from trug.iam.refusals import IamError
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.stores import Reader

R = TypeVar("R")
T = TypeVar("T")

Asking: TypeAlias = Generator[Read[Any], Any, R]
"""A part of a script, that answers an R."""

Script: TypeAlias = Asking[tuple[T, Sequence[Effect]]]
"""What it answers, and what is done."""

UNKNOWN = Moment(0, 0, 0)
"""While a script still asks: what it reads never depends on the moment."""


def ask(read: Read[R]) -> Asking[R]:
    """The answer to a read."""
    answer: R = yield read
    return answer


@frozen
class Scripted(Generic[T]):
    """A change that is a script."""

    script: Callable[[Moment], Script[T]]
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        try:
            step = _play(self.script(UNKNOWN), rows)
        except IamError:
            return ()
        return () if isinstance(step, Decided) else (step,)

    def decide(self, rows: Rows, moment: Moment) -> Decided[T] | Rejected:
        try:
            step = _play(self.script(moment), rows)
        except IamError as error:
            return Rejected(error)
        if not isinstance(step, Decided):
            raise TypeError(f"{step!r} depends on the moment")
        return step


def _play(script: Script[T], rows: Rows) -> Decided[T] | Read[Any]:
    """The first read that ``rows`` do not answer, or what is decided. IamError."""
    answer: Any = None
    while True:
        try:
            read = script.send(answer)
        except StopIteration as end:
            return Decided(*end.value)
        if read not in rows:
            return read
        answer = rows[read]


def look(asking: Asking[R], reader: Reader) -> R:
    """What a part of a script answers, outside of a change. IamError."""
    answer: Any = None
    while True:
        try:
            read = asking.send(answer)
        except StopIteration as end:
            found: R = end.value
            return found
        answer = reader.fetch(read)
