"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import puremagic

LOOKED_AT = 8192
"""In bytes: as much of a file's beginning as its type is told from."""


def type_of(head: bytes) -> str:
    """The media type of a file that begins so; empty when nobody can tell."""
    if not head:
        return ""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    return found[0].mime_type if found else ""
