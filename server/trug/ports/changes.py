"""How a write is decided: a change names its reads, then decides on effects or a rejection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from trug.domain.frozen import frozen

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Read(Generic[R_co]):
    """A question to the metadata, as a frozen value; what it answers is its type parameter."""

    __slots__ = ()


class Effect:
    """One thing a decided change does to the metadata, as a frozen value.

    ``refreshes`` is true of effects on what workers cache (buckets, configurations, keys): their commit moves the
    store's generation.
    """

    __slots__ = ()
    refreshes: ClassVar[bool] = False


@frozen
class Moment:
    """When a change is decided: its place in the one order of commits, and the times in µs since 1970.

    ``time`` never decreases with ``sequence``; ``lock_time`` is the clock that retention goes by.
    """

    sequence: int
    time: int
    lock_time: int


class Rows(dict[Read[Any], Any]):
    """The answers a change has got so far, by read."""

    __slots__ = ()

    if TYPE_CHECKING:

        def of(self, read: Read[R]) -> R:
            """The answer to ``read``; KeyError when it was not asked."""
            ...
    else:
        of = dict.__getitem__  # a change asks this five times, and each call into Python costs as much as the look-up


@frozen
class Decided(Generic[T_co]):
    """Yes: apply ``effects`` in order, then answer ``result``."""

    result: T_co
    effects: Sequence[Effect] = ()


@frozen
class Rejected:
    """No: nothing is applied, ``reason`` is raised where the change was committed."""

    reason: Exception


class Change(Protocol[T_co]):
    """A write that somebody wants, as a frozen value with two pure functions.

    ``blobs`` are the files (blob ids) it brings; from the moment the change is queued they belong to the store.
    """

    @property
    def blobs(self) -> tuple[int, ...]: ...

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        """The next reads, given the rows got so far; none when it can decide."""
        ...

    def decide(self, rows: Rows, moment: Moment) -> Decided[T_co] | Rejected:
        """What is to be done; the same for the same rows and moment."""
        ...
