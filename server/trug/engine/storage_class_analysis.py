"""What is kept of a storage class analysis: the days that were observed, and what was done on those since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from trug.domain.configurations import ANALYTICS, with_id
from trug.domain.frozen import frozen
from trug.domain.storage_class_analysis import OBSERVED, Observed, Uses, add_uses
from trug.engine.configurations import progress_name
from trug.ports.changes import Decided, Effect, Moment, Read, Rows
from trug.ports.effects import KeepDocument
from trug.ports.reads import Configuration, Document


class Analysis(msgspec.Struct):
    """``begun`` is the day (since 1970) that it began on, ``days`` the last ones observed, ``going`` what was done on
    those since."""

    begun: int
    days: list[Observed] = []
    going: dict[int, Uses] = {}

    @property
    def due(self) -> int:
        """The next day to be observed, once it is over."""
        return self.days[-1].day + 1 if self.days else self.begun


def unpacked(document: bytes | None) -> Analysis | None:
    return None if document is None else msgspec.msgpack.decode(document, type=Analysis)


@frozen
class Kept:
    """Shared by changes of one analysis: nothing is kept of one whose configuration is gone."""

    bucket: int
    name: str

    @property
    def reads(self) -> tuple[Configuration, Document]:
        place = progress_name(self.bucket, self.name)
        return Configuration(self.bucket, with_id(ANALYTICS, self.name)), Document(ANALYTICS, place)

    def find(self, rows: Rows) -> tuple[bool, Analysis | None]:
        """Whether it is configured, and what is kept."""
        configuration, document = self.reads
        return rows.of(configuration) is not None, unpacked(rows.of(document))

    def effect(self, analysis: Analysis) -> Effect:
        place = progress_name(self.bucket, self.name)
        return KeepDocument(ANALYTICS, place, msgspec.msgpack.encode(analysis))


@frozen
class AddUses:
    """Add what was done on each of some days. ``today`` is when an analysis begins that nothing is kept of yet."""

    kept: Kept
    uses: dict[int, Uses]
    today: int
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self.kept.reads

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        is_configured, analysis = self.kept.find(rows)
        if not is_configured:
            return Decided(None, ())
        analysis = analysis or Analysis(self.today)
        for day, uses in self.uses.items():
            add_uses(analysis.going.setdefault(max(day, analysis.due), {}), uses)
        return Decided(None, (self.kept.effect(analysis),))


@frozen
class AddDay:
    """Keep a day that was observed, and the last ones before it."""

    kept: Kept
    day: Observed
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self.kept.reads

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        is_configured, analysis = self.kept.find(rows)
        if not is_configured or analysis is None or self.day.day < analysis.due:
            return Decided(None, ())
        analysis.days = [*analysis.days, self.day][-OBSERVED:]
        analysis.going = {day: uses for day, uses in analysis.going.items() if day > self.day.day}
        return Decided(None, (self.kept.effect(analysis),))
