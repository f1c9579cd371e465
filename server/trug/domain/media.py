"""What a file is: by its name, and by its content whatever its name says."""

from __future__ import annotations

import mimetypes
import re

LOOKED_AT = 8192
"""In bytes: as much of a file's beginning as its type is told from."""

OCTETS = "application/octet-stream"
ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "video/avi": "video/x-msvideo",
    "application/x-pdf": "application/pdf",
}
CONTAINERS = ("audio/", "video/")
"""Families whose files lie in the same few containers: which one it is, is told from the beginning too seldom."""
ZIPPED = (
    "application/zip",
    "application/vnd.openxmlformats-",
    "application/vnd.oasis.opendocument",
    "application/epub+zip",
)
ACTIVE = re.compile(
    r"(?:text|application)/(?:html|[^/]*xml|xsl|(?:x-)?(?:java|ecma)script|cache-manifest)\Z|[^/]+/[^/]*\+xml\Z"
)
NOT_IN_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def type_of_name(name: str) -> str:
    """The media type that files of this extension have, empty when nobody knows."""
    return _plain(_TYPES.guess_type(name)[0] or "")


def type_of(head: bytes) -> str:
    """The media type of a file that begins so; empty when nobody can tell."""
    return next(iter(types_of(head)), "")


def types_of(head: bytes) -> list[str]:
    """The media types that a file which begins so may have, the likeliest first."""
    import puremagic  # a twentieth of a second, which servers that never look need not wait for

    if not head:
        return []
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    return [match.mime_type for match in found[:1]] + [match.mime_type for match in found[1:] if match.mime_type]


def is_of(media: str, head: bytes) -> bool:
    """Whether a file that begins so may be of this type. Text is what no known format begins like, in UTF-8."""
    found = _plain(type_of(head))
    media = _plain(media)
    if media.startswith("text/"):
        return found in ("", "text/plain", "application/json", media) and _is_text(head)
    if found == media or media == OCTETS:
        return True
    if media.startswith(CONTAINERS):
        return any(_plain(name).split("/")[0] == media.split("/")[0] for name in types_of(head)[:4])
    return media.startswith(ZIPPED) and any(name.startswith(ZIPPED) for name in types_of(head))


def active_type(declared: str) -> str:
    """The media type of a Content-Type, without parameters, where browsers run what has it; empty of all others."""
    media = declared.partition(";")[0].partition(",")[0].strip().lower()
    return media if ACTIVE.match(media) else ""


def _plain(media: str) -> str:
    return ALIASES.get(media, media)


def _is_text(head: bytes) -> bool:
    """In UTF-8, maybe cut within a character."""
    if NOT_IN_TEXT.search(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True


_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("image/webp", ".webp")
_TYPES.add_type("image/avif", ".avif")
_TYPES.add_type("image/heic", ".heic")
