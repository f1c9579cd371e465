"""What commands act on, in memory."""

from __future__ import annotations

import os
from typing import Any

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.engine.engine import Engine, Keys
from trug.iam.people import People
from trug.manage.commands import Managed


def managed_in_memory(fsck: Any = None) -> Managed:
    """An empty store; ``fsck`` is what checks it."""
    return keyed_store(fsck)[0]


def keyed_store(fsck: Any = None) -> tuple[Managed, Engine]:
    """An empty store, and the engine over it, which has keys to encrypt with."""
    metadata, ring = MemoryMetadata(SystemClock()), MemoryKeyRing()
    engine = Engine.over(metadata, MemoryBlobs(), SystemClock(), keys=Keys(own=ring, kms=ring))
    people = People(metadata, FileKeyring(os.urandom(32)))
    return Managed(people, fsck, metadata, engine.rekeying, ring, kms=ring), engine
