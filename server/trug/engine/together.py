"""Several changes as one: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from trug.domain.frozen import frozen, replace
from trug.ports.changes import Change, Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Advance, Tally
from trug.ports.reads import CountersOf, CountersOfAccount

T = TypeVar("T")

MOST = 1000


@frozen
class Together(Generic[T]):
    """At most 1,000 changes, no two of which touch the same key, each with a sequence of its own; the first rejection
    rejects all. Answers their results in order."""

    changes: tuple[Change[T], ...]

    @property
    def blobs(self) -> tuple[int, ...]:
        return tuple(chain.from_iterable(change.blobs for change in self.changes))

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        """All that any of them asks next, each question once."""
        return tuple(dict.fromkeys(chain.from_iterable(change.reads(rows) for change in self.changes)))

    def decide(self, rows: Rows, moment: Moment) -> Decided[list[T]] | Rejected:
        results: list[T] = []
        effects: list[Effect] = []
        sequence = moment.sequence
        for place, change in enumerate(self.changes):
            if place:
                effects.append(Advance())
                sequence += 1
            decision = change.decide(rows, replace(moment, sequence=sequence))
            if isinstance(decision, Rejected):
                return decision
            effects += decision.effects
            sequence += sum(isinstance(effect, Advance) for effect in decision.effects)
            results.append(decision.result)
            rows = counted(rows, decision.effects)
        return Decided(results, effects)


def counted(rows: Rows, effects: Sequence[Effect]) -> Rows:
    """The rows with totals as they are after ``effects``, so that a quota counts all that come together."""
    after = Rows(rows)
    for effect in effects:
        if not isinstance(effect, Tally):
            continue
        for read in (CountersOf(effect.bucket), CountersOfAccount(effect.account)):
            if read in after:
                sums = (effect.objects, effect.versions, effect.bytes, effect.uploads, effect.current)
                totals = after.of(read)
                after[read] = type(totals)._make(map(sum, zip(totals, sums, strict=True)))
    return after
