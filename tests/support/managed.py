"""What commands act on, in memory."""

from __future__ import annotations

import os
from typing import Any

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.metadata import MemoryMetadata
from trug.iam.people import People
from trug.manage.commands import Managed


def managed_in_memory(fsck: Any = None) -> Managed:
    """An empty store; ``fsck`` is what checks it."""
    metadata = MemoryMetadata(SystemClock())
    return Managed(People(metadata, FileKeyring(os.urandom(32))), fsck, metadata)
