"""Items: JSON documents by account, kind and id, each change decided on what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from trug.domain.frozen import frozen
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, PutItem, RemoveItem
from trug.ports.reads import ItemAt
from trug.ports.rows import Item

ITEM, USER, FILTER = "item", "user", "filter"
CALLED: Mapping[str, str] = MappingProxyType({ITEM: "Item", USER: "Profile", FILTER: "Filter"})
"""Kinds, and how their events in the feed begin."""


class Edited(NamedTuple):
    """What an item is to be, and the words to find it by."""

    item: Item
    words: str = ""


Edit = Callable[[Item | None, Moment], Edited | Exception | None]
"""From what is there to what is to be: None for nothing, an exception to refuse. Pure."""


@frozen
class ChangeItem:
    """Make, change or remove an item; the answer is what was there before and what is there now."""

    account: str
    kind: str
    id: str
    edit: Edit
    blobs: tuple[int, ...] = ()

    @property
    def _place(self) -> ItemAt:
        return ItemAt(self.account, self.kind, self.id)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (self._place,)

    def decide(self, rows: Rows, moment: Moment) -> Decided[tuple[Item | None, Item | None]] | Rejected:
        before = rows.of(self._place)
        edited = self.edit(before, moment)
        if isinstance(edited, Exception):
            return Rejected(edited)
        if edited is None:
            if before is None:
                return Decided((None, None))
            removal = RemoveItem(self.account, self.kind, self.id)
            return Decided((before, None), (removal, self._announced("Removed", before.owner)))
        created = moment.time if before is None else before.created
        item = edited.item._replace(
            account=self.account,
            kind=self.kind,
            id=self.id,
            created=created,
            modified=moment.time,
            revision=moment.sequence,
        )
        effects: tuple[Effect, ...] = (
            PutItem(item, edited.words),
            self._announced("Created" if before is None else "Changed", item.owner),
        )
        return Decided((before, item), effects)

    def _announced(self, what: str, owner: str) -> Announce:
        """Where events on keys have a version, those on items have their owner."""
        return Announce(CALLED[self.kind] + what, 0, self.id, owner, account=self.account)
