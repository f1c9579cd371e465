"""The audit trail as a whole: read page by page, verified, and cut at its front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from trug.domain.audit import ANCHOR, HEAD, KIND, AuditRecord, ChainEnd, Walk, end_of
from trug.domain.frozen import frozen
from trug.ports.changes import Decided, Effect, Moment, Read, Rows
from trug.ports.effects import Attest, KeepDocument, TrimAudit
from trug.ports.reads import AuditRecords, Document
from trug.ports.stores import MetadataStore, Reader

PAGE = 500
MOST_CUT = 10_000
"""How many records one change cuts off."""

ANCHORED = Document(KIND, ANCHOR)
ENDED = Document(KIND, HEAD)


class Verdict(NamedTuple):
    """How many records there are, the first thing that is wrong with them, "" when nothing is, and the chain's end."""

    records: int
    broken: str
    head: ChainEnd


@frozen
class CutFront:
    """Forget the records up to the one of the sequence ``last``, which the chain is anchored at from then on."""

    last: int
    blobs: tuple[int, ...] = ()

    @property
    def _last(self) -> AuditRecords:
        return AuditRecords(self.last - 1, 1)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (self._last, ANCHORED)

    def decide(self, rows: Rows, moment: Moment) -> Decided[bool]:
        found = rows.of(self._last)
        if not found or found[0].sequence != self.last:
            return Decided(False)
        record: AuditRecord = found[0]
        anchor = ChainEnd(record.sequence, record.hash)
        effects: tuple[Effect, ...] = (
            TrimAudit(record.sequence + 1),
            KeepDocument(KIND, ANCHOR, anchor.packed()),
            Attest("audit", f"cut off up to record {record.sequence}, hash {record.hash.hex()}"),
        )
        return Decided(True, effects)


@frozen
class Attested:
    """Tell the trail of something that was done beside the metadata."""

    resource: str
    said: str
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None, (Attest(self.resource, self.said),))


class Trail:
    """The audit trail of a store."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def page(self, after: int) -> list[AuditRecord]:
        """The records that follow a sequence, at most ``PAGE``."""
        return await self._metadata.view(lambda reader: reader.fetch(AuditRecords(after, PAGE)))

    async def records(self) -> AsyncIterator[AuditRecord]:
        """All of them, in their order."""
        after = 0
        while page := await self.page(after):
            for record in page:
                yield record
            after = page[-1].sequence

    async def verify(self) -> Verdict:
        """Follow the chain from its anchor to its end; the first record that does not fit ends the way."""
        after = count = 0
        page, anchor, head = await self._metadata.view(partial(page_and_ends, after))
        walk = Walk(anchor)
        while True:
            for record in page:
                count += 1
                broken = walk.find_break(record)
                if broken is not None:
                    return Verdict(count, broken, head)
            if not page:
                return Verdict(count, walk.find_loss(head) or "", head)
            after = page[-1].sequence
            page, _, head = await self._metadata.view(partial(page_and_ends, after))

    async def cut(self, before: int) -> int:
        """Forget the records from before a time (µs); how many. The one that tells of it stays."""
        gone = since_cut = last = 0
        async for record in self.records():
            if record.time >= before:
                break
            gone, since_cut, last = gone + 1, since_cut + 1, record.sequence
            if since_cut == MOST_CUT:
                await self._metadata.commit(CutFront(last))
                since_cut = 0
        if since_cut:
            await self._metadata.commit(CutFront(last))
        return gone


def page_and_ends(after: int, reader: Reader) -> tuple[list[AuditRecord], ChainEnd, ChainEnd]:
    """A page of records, what the chain is anchored at, and where it ends, of one state."""
    records = reader.fetch(AuditRecords(after, PAGE))
    return records, end_of(reader.fetch(ANCHORED)), end_of(reader.fetch(ENDED))
