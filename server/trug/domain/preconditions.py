"""Conditions under which an object may be read or written."""

from __future__ import annotations

import re

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.objects import Listing

SECOND = 1_000_000
SOURCE_PREFIX = "x-amz-copy-source-"
ENTITY_TAG = re.compile(r'(?P<weak>W/)?"(?P<quoted>[^"]*)"|(?P<bare>[^\s,"]+)')


@frozen
class ReadConditions:
    """The four conditions of a read, entity tags as in the header, times in µs since 1970; None where not asked.

    With ``is_source`` they stand for a copy's source: then what would be 304 is 412, as S3 does.
    """

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: int | None = None
    if_unmodified_since: int | None = None
    is_source: bool = False

    @property
    def is_empty(self) -> bool:
        return (
            self.if_match is None
            and self.if_none_match is None
            and self.if_modified_since is None
            and self.if_unmodified_since is None
        )

    def check(self, etag: str, modified: int) -> None:
        """PreconditionFailed or NotModified by RFC 9110, section 13.2.2: entity tags silence the dates beside them.

        ``etag`` is bare, ``modified`` in µs; dates compare by whole seconds.
        """
        if self.if_match is not None:
            if not matches(self.if_match, etag, weakly=False):
                raise self._failed("If-Match")
        elif self.if_unmodified_since is not None and _seconds(modified) > _seconds(self.if_unmodified_since):
            raise self._failed("If-Unmodified-Since")
        if self.if_none_match is not None:
            if matches(self.if_none_match, etag, weakly=True):
                raise self._unchanged("If-None-Match", etag)
        elif self.if_modified_since is not None and _seconds(modified) <= _seconds(self.if_modified_since):
            raise self._unchanged("If-Modified-Since", etag)

    def _failed(self, condition: str) -> S3Error:
        return _failed(SOURCE_PREFIX + condition if self.is_source else condition)

    def _unchanged(self, condition: str, etag: str) -> S3Error:
        if self.is_source:
            return self._failed(condition)
        return S3Error(ErrorCode.NotModified, headers={"etag": f'"{etag}"'})


@frozen
class WriteConditions:
    """The conditions of a write or a deletion; None where not asked.

    ``if_none_match`` can only be ``*``. ``if_match_modified`` (µs since 1970, compared by whole seconds) and
    ``if_match_size`` (bytes) hold where nothing exists, as AWS documents them for DeleteObject.
    """

    if_match: str | None = None
    if_none_match: str | None = None
    if_match_modified: int | None = None
    if_match_size: int | None = None

    @property
    def is_empty(self) -> bool:
        return (
            self.if_match is None
            and self.if_none_match is None
            and self.if_match_modified is None
            and self.if_match_size is None
        )

    def check(self, current: Listing | None) -> None:
        """PreconditionFailed, or NoSuchKey when If-Match finds nothing.

        ``current`` is the key's newest version, None where there is none and where it is a delete marker.
        """
        if current is None:
            if self.if_match is not None:
                raise S3Error(ErrorCode.NoSuchKey)
            return
        if self.if_none_match is not None:
            raise _failed("If-None-Match")
        if self.if_match is not None and not matches(self.if_match, current.etag, weakly=False):
            raise _failed("If-Match")
        if self.if_match_modified is not None and _seconds(current.modified) != _seconds(self.if_match_modified):
            raise _failed("x-amz-if-match-last-modified-time")
        if self.if_match_size is not None and current.size != self.if_match_size:
            raise _failed("x-amz-if-match-size")


NO_CONDITIONS = ReadConditions()
NO_WRITE_CONDITIONS = WriteConditions()


def matches(header: str, etag: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags, quoted or bare, or ``*`` names this bare ETag.

    Weak tags (``W/"…"``) only count ``weakly``, as RFC 9110, section 8.8.3.2 has it.
    """
    if header.strip() == "*":
        return True
    for tag in ENTITY_TAG.finditer(header):
        if (tag["quoted"] if tag["bare"] is None else tag["bare"]) == etag and (weakly or not tag["weak"]):
            return True
    return False


def _seconds(moment: int) -> int:
    return moment // SECOND


def _failed(condition: str) -> S3Error:
    return S3Error(ErrorCode.PreconditionFailed, fields={"Condition": condition})
