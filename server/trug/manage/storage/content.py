"""What kinds of files are taken in."""

from __future__ import annotations

from trug.domain.media import LOOKED_AT, type_of

__all__ = ["ALLOWED", "LOOKED_AT", "type_of"]

ALLOWED = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf"})
