"""The engine as its callers hold it: one object for each kind of thing S3 stores."""

from __future__ import annotations

from trug.domain.frozen import frozen
from trug.engine.buckets import Buckets
from trug.engine.buffers import BufferPool
from trug.engine.copies import Copies
from trug.engine.ids import Ids
from trug.engine.intake import Intake
from trug.engine.listing import Listings
from trug.engine.multipart import Multipart
from trug.engine.objects import Objects
from trug.engine.pins import Pins
from trug.engine.sweep import Sweep
from trug.ports.keys import Clock
from trug.ports.stores import BlobStore, MetadataStore

INLINE_MAX = 16 << 10


@frozen
class Engine:
    """The rules of S3 over one pair of stores."""

    buckets: Buckets
    objects: Objects
    copies: Copies
    listings: Listings
    multipart: Multipart
    sweep: Sweep

    @classmethod
    def over(cls, metadata: MetadataStore, blobs: BlobStore, clock: Clock, *, inline_max: int = INLINE_MAX) -> Engine:
        """An engine over two open stores. Objects of at most ``inline_max`` bytes are kept with the metadata."""
        ids, pins = Ids(metadata), Pins()
        intake = Intake(blobs, ids, BufferPool(), inline_max)
        objects = Objects(metadata, blobs, ids, intake, pins)
        return cls(
            buckets=Buckets(metadata, ids),
            objects=objects,
            copies=Copies(metadata, ids, objects),
            listings=Listings(metadata),
            multipart=Multipart(metadata, ids, intake, objects, clock),
            sweep=Sweep(metadata, blobs, pins),
        )
