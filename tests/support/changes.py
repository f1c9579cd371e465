"""Small changes that put a store through its port, without any rule of S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import SetConfiguration
from trug.ports.reads import Configuration

T = TypeVar("T")


class DeliberateError(Exception):
    """What goes wrong in a test, on purpose."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """Reads ``questions`` in one go, then leaves the decision to ``verdict``."""

    questions: tuple[Read[Any], ...]
    verdict: Callable[[Rows, Moment], Decided[T] | Rejected]
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return [question for question in self.questions if question not in rows]

    def decide(self, rows: Rows, moment: Moment) -> Decided[T] | Rejected:
        return self.verdict(rows, moment)


@dataclass(frozen=True, slots=True)
class Follow:
    """Reads ``first``, then what ``then`` names from its answer; answers with that."""

    first: Read[Any]
    then: Callable[[Any], Read[Any]]
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        if self.first not in rows:
            return [self.first]
        second = self.then(rows.of(self.first))
        return [] if second in rows else [second]

    def decide(self, rows: Rows, moment: Moment) -> Decided[Any]:
        return Decided(rows.of(self.then(rows.of(self.first))))


@dataclass(frozen=True, slots=True)
class Fail:
    """Raises DeliberateError when asked for its reads."""

    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        raise DeliberateError

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None)


class BrokenEffects(tuple[Effect, ...]):
    """Effects of which the last one is followed by a DeliberateError."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Effect]:
        yield from super().__iter__()
        raise DeliberateError


def apply(*effects: Effect, blobs: tuple[int, ...] = ()) -> Ask[Moment]:
    """Apply these and answer the moment."""
    return Ask((), lambda rows, moment: Decided(moment, effects), blobs)


def refuse(reason: Exception, blobs: tuple[int, ...] = ()) -> Ask[None]:
    return Ask((), lambda rows, moment: Rejected(reason), blobs)


def fail_in_decide(blobs: tuple[int, ...] = ()) -> Ask[None]:
    def verdict(rows: Rows, moment: Moment) -> Decided[None]:
        raise DeliberateError

    return Ask((), verdict, blobs)


def fail_after(*effects: Effect, blobs: tuple[int, ...] = ()) -> Ask[None]:
    return Ask((), lambda rows, moment: Decided(None, BrokenEffects(effects)), blobs)


def increment(bucket: int = 1) -> Ask[int]:
    """Add 1 to the number kept as a configuration of the bucket; answers the sum."""
    question = Configuration(bucket, "count")

    def verdict(rows: Rows, moment: Moment) -> Decided[int]:
        count = int(rows.of(question) or b"0") + 1
        return Decided(count, [SetConfiguration(bucket, "count", b"%d" % count)])

    return Ask((question,), verdict)
