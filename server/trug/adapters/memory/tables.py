"""The rows of a store in memory: a table of each kind."""

from __future__ import annotations

from trug.adapters.memory.table import Journal, Table
from trug.domain.audit import AuditRecord
from trug.domain.identity import Account
from trug.ports.expected import (
    ExpectedFile,
)
from trug.ports.rows import (
    AccessKey,
    Annotation,
    Bucket,
    Counters,
    Dropped,
    Epoch,
    Event,
    Item,
    Part,
    Reminder,
    Upload,
    Version,
)


class Tables:
    """All rows, each table under the place named beside it."""

    def __init__(self, feed_kept: int) -> None:
        journal = self.journal = Journal()
        self.buckets = Table[Bucket](journal)  # id
        self.bucket_names = Table[int](journal)  # name
        self.configurations = Table[bytes](journal)  # bucket, kind
        self.counters = Table[Counters](journal)  # bucket
        self.account_counters = Table[Counters](journal)  # account
        self.current = Table[Version](journal)  # bucket, key
        self.history = Table[Version](journal)  # bucket, key, -sequence
        self.inline = Table[bytes](journal)  # id
        self.files = Table[int](journal)  # blob
        self.references = Table[int](journal)  # kind, id
        self.dropped = Table[Dropped](journal)  # id
        self.epochs = Table[Epoch](journal)  # number
        self.uploads = Table[Upload](journal)  # id
        self.upload_ids = Table[int](journal)  # upload id
        self.open_uploads = Table[Upload](journal)  # bucket, key, upload id
        self.parts = Table[Part](journal)  # upload, number
        self.annotations = Table[Annotation](journal)  # version, name
        self.feed = Table[Event](journal)  # sequence
        self.accounts = Table[Account](journal)  # id
        self.entities = Table[bytes](journal)  # account, kind, place
        self.links = Table[str](journal)  # account, kind, left, right: the right side
        self.links_back = Table[str](journal)  # account, kind, right, left: the left side
        self.keys = Table[AccessKey](journal)  # access key
        self.keys_of = Table[str](journal)  # account, user, access key
        self.declared = Table[bytes](journal)  # kind, name
        self.documents = Table[bytes](journal)  # kind, name
        self.expected = Table[ExpectedFile](journal)  # id
        self.labels = Table[str](journal)  # bucket, name, value, key: the key
        self.labelled = Table[frozenset[tuple[str, str]]](journal)  # bucket, key: its labels
        self.items = Table[tuple[Item, str]](journal)  # account, kind, id: the item and its words
        self.reminders = Table[Reminder](journal)  # at, bucket, key
        self.audit = Table[AuditRecord](journal)  # sequence
        self.reserved = Table[int](journal)  # the one row: next id
        self.feed_kept = feed_kept
        self.sequence = 0
        self.time = 0
        self.drops = 0
