"""What ``--init`` declares, remembered in the commits that make it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from trug.domain.frozen import frozen
from trug.ports.changes import Change, Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import Declare
from trug.ports.reads import Declared

T = TypeVar("T")


@frozen
class Declaring(Generic[T]):
    """A change together with the record that ``--init`` declared what it makes: both or neither."""

    change: Change[T]
    kind: str
    name: str

    @property
    def blobs(self) -> tuple[int, ...]:
        return self.change.blobs

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return self.change.reads(rows)

    def decide(self, rows: Rows, moment: Moment) -> Decided[T] | Rejected:
        decision = self.change.decide(rows, moment)
        if isinstance(decision, Rejected):
            return decision
        return Decided(decision.result, (*decision.effects, Declare(self.kind, self.name, b"")))


@frozen
class RecordDeclaration:
    """Remember that ``--init`` declared something, so that what is deleted afterwards stays deleted."""

    kind: str
    name: str
    document: bytes
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (Declared(self.kind, self.name),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        if rows.of(Declared(self.kind, self.name)) == self.document:
            return Decided(None)
        return Decided(None, (Declare(self.kind, self.name, self.document),))
