"""The versioning state of a bucket and the ids of versions."""

from __future__ import annotations

import re
import secrets
from binascii import b2a_base64
from enum import Enum

FROM_BASE64 = bytes.maketrans(b"+/", b"._")
WELL_FORMED = re.compile(r"[A-Za-z0-9._]{32}\Z")


class Versioning(Enum):
    """As GetBucketVersioning reports it; OFF is a bucket that never had versions."""

    OFF = ""
    ENABLED = "Enabled"
    SUSPENDED = "Suspended"


def new_version_id() -> str:
    """32 random characters of ``[A-Za-z0-9._]``."""
    return b2a_base64(secrets.token_bytes(24), newline=False).translate(FROM_BASE64).decode()


def is_well_formed(version_id: str) -> bool:
    """Whether this text could be an id of ours: unknown ones are then 404, all other text is 400."""
    return version_id == "null" or WELL_FORMED.match(version_id) is not None
