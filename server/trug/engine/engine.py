"""The engine as its callers hold it: one object for each kind of thing S3 stores."""

from __future__ import annotations

from trug.domain.frozen import frozen
from trug.engine.accounts import Accounts
from trug.engine.acls import Acls
from trug.engine.annotations import ObjectAnnotations
from trug.engine.appending import Appending
from trug.engine.buckets import PLAIN, Buckets, NewBuckets
from trug.engine.buffers import BufferPool
from trug.engine.configurations import BucketConfigurations
from trug.engine.copies import Copies
from trug.engine.envelopes import NO_KEYS, Envelopes
from trug.engine.guarding import Guards
from trug.engine.ids import Ids
from trug.engine.intake import Intake
from trug.engine.lifecycle import Lifecycles
from trug.engine.listing import Listings
from trug.engine.locking import Locks
from trug.engine.multipart import Multipart
from trug.engine.objects import Objects
from trug.engine.pins import Pins
from trug.engine.protection import Protections
from trug.engine.rekeying import Rekeying
from trug.engine.renaming import Renaming
from trug.engine.restoring import Restoring
from trug.engine.sweep import Sweep
from trug.ports.access_lists import AccessLists
from trug.ports.key_management import KeyManagement
from trug.ports.keys import Clock
from trug.ports.stores import BlobStore, MetadataStore

INLINE_MAX = 32 << 10
"""In bytes. At 32 KiB a file costs a third more CPU and twice the time; at 64 KiB a sixth more, but p99 and what is
written are half as much."""


DAY = 86_400.0


@frozen
class Keys:
    """Where the keys of encryption are kept: SSE-S3's own, those of KMS, and which of these is meant where a client
    names none (empty: the one of the bucket's account that AWS would manage)."""

    own: KeyManagement = NO_KEYS
    kms: KeyManagement = NO_KEYS
    default_key: str = ""


@frozen
class Engine:
    """The rules of S3 over one pair of stores."""

    access_lists: AccessLists
    accounts: Accounts
    acls: Acls
    buckets: Buckets
    configurations: BucketConfigurations
    objects: Objects
    appending: Appending
    annotations: ObjectAnnotations
    copies: Copies
    guards: Guards
    listings: Listings
    locks: Locks
    lifecycles: Lifecycles
    multipart: Multipart
    protections: Protections
    rekeying: Rekeying
    renaming: Renaming
    restoring: Restoring
    sweep: Sweep

    @classmethod
    def over(
        cls,
        metadata: MetadataStore,
        blobs: BlobStore,
        clock: Clock,
        *,
        inline_max: int = INLINE_MAX,
        pins: Pins | None = None,
        keys: Keys | None = None,
        lifecycle_day: float = DAY,
        restore_delay: float = 0,
        new_buckets: NewBuckets = PLAIN,
    ) -> Engine:
        """An engine over two open stores. Objects of at most ``inline_max`` bytes are kept with the metadata.

        ``pins`` are given where other processes serve the same stores, and see them. Without ``keys`` nothing can be
        encrypted. ``lifecycle_day`` is how long a day of lifecycle rules is, in seconds. Archived objects are restored
        after ``restore_delay`` seconds. ``new_buckets`` says how buckets are made.
        """
        ids, pins = Ids(metadata), pins or Pins()
        keys = keys or Keys()
        envelopes = Envelopes(keys.own, keys.kms, clock, default_key=keys.default_key)
        configurations = BucketConfigurations(metadata)
        protections = Protections(configurations, envelopes)
        intake = Intake(blobs, ids, BufferPool(), inline_max)
        objects = Objects(metadata, blobs, ids, intake, pins, protections, envelopes, clock)
        return cls(
            access_lists=AccessLists(metadata),
            accounts=Accounts(metadata),
            acls=Acls(metadata),
            buckets=Buckets(metadata, ids, new_buckets),
            configurations=configurations,
            objects=objects,
            annotations=ObjectAnnotations(metadata, ids, objects),
            appending=Appending(metadata, ids, intake, objects, clock, protections, envelopes),
            copies=Copies(metadata, ids, objects, intake, protections, envelopes),
            guards=Guards(metadata),
            listings=Listings(metadata),
            locks=Locks(metadata),
            lifecycles=Lifecycles(metadata, configurations, ids, clock, day=lifecycle_day),
            multipart=Multipart(metadata, ids, intake, objects, clock, protections, envelopes),
            protections=protections,
            rekeying=Rekeying(metadata, envelopes),
            renaming=Renaming(metadata, ids),
            restoring=Restoring(metadata, restore_delay),
            sweep=Sweep(metadata, blobs, pins),
        )
