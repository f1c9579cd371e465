"""Annotations over the rows: small texts beside a version, kept under its own id and gone with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from trug.domain.annotations import MOST
from trug.domain.encryption import SSE_C, Encryption
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.preconditions import matches
from trug.engine.ids import Ids
from trug.engine.named import Found, Named
from trug.engine.objects import Objects
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, ForgetDropped, PutAnnotation, PutInline, RemoveAnnotations, RemoveInline
from trug.ports.reads import AnnotationNamed, Annotations, InlineContent
from trug.ports.rows import Annotation, Bucket, Dropped, Version
from trug.ports.stores import Damaged, MetadataStore, Reader

SLICE = 100


class Annotated(NamedTuple):
    """A version, and one of its annotations as it is now."""

    version: Version
    annotation: Annotation


def _find(named: Named, if_match: str | None, rows: Rows) -> Found:
    """The version to be annotated. PreconditionFailed when its ETag is another; errors of ``Named.find``."""
    found = named.find(rows)
    if if_match is not None and not matches(if_match, found.version.listing.etag, weakly=False):
        raise S3Error(ErrorCode.PreconditionFailed, fields={"Condition": "x-amz-object-if-match"})
    return found


def _reads(named: Named, name: str, rows: Rows) -> Sequence[Read[Any]]:
    if not rows:
        return named.reads()
    try:
        read = AnnotationNamed(named.find(rows).version.id, name)
    except S3Error:
        return ()
    return () if read in rows else (read,)


def _counted(found: Found, difference: int) -> Effect:
    """The version with so many annotations more."""
    version = found.version
    record = version.record
    return found.put(version._replace(record=replace(record, annotations=record.annotations + difference)))


def _event(kind: str, version: Version) -> Announce:
    listing = version.listing
    return Announce(kind, version.bucket, version.key, version.version_id, listing.size, listing.etag)


def refuse_encrypted(encryption: Encryption | None) -> None:
    """Annotations inherit the encryption of their object, and here only objects that have none can have any.

    InvalidRequest for a customer's key, as AWS answers, else NotImplemented."""
    if encryption is None:
        return
    if encryption.kind == SSE_C:
        raise S3Error(ErrorCode.InvalidRequest, "Objects encrypted with SSE-C cannot have annotations.")
    raise S3Error(ErrorCode.NotImplemented, "Annotations of encrypted objects are not implemented.")


@frozen
class AnnotateVersion:
    """Give a version an annotation, in place of any of its name; ``content`` lies under its inline id. Answers
    Annotated."""

    named: Named
    annotation: Annotation
    content: bytes
    if_match: str | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return _reads(self.named, self.annotation.name, rows)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Annotated] | Rejected:
        try:
            found = _find(self.named, self.if_match, rows)
            refuse_encrypted(found.version.record.encryption)
        except S3Error as refusal:
            return Rejected(refusal)
        version = found.version
        annotation = self.annotation._replace(version=version.id, modified=moment.time)
        before = rows.of(AnnotationNamed(version.id, annotation.name))
        if before is None and version.record.annotations >= MOST:
            return Rejected(S3Error(ErrorCode.AnnotationLimitExceeded))
        effects = (
            PutInline(annotation.inline, self.content),
            PutAnnotation(annotation),
            _counted(found, 1) if before is None else RemoveInline(before.inline),
            _event("ObjectAnnotation:Put", version),
        )
        return Decided(Annotated(version, annotation), effects)


@frozen
class RemoveAnnotation:
    """Take an annotation from a version; that there is none is no error. Answers the version."""

    named: Named
    name: str
    if_match: str | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return _reads(self.named, self.name, rows)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Version] | Rejected:
        try:
            found = _find(self.named, self.if_match, rows)
        except S3Error as refusal:
            return Rejected(refusal)
        version = found.version
        before = rows.of(AnnotationNamed(version.id, self.name))
        if before is None:
            return Decided(version)
        effects = (
            RemoveAnnotations(version.id, (self.name,)),
            RemoveInline(before.inline),
            _counted(found, -1),
            _event("ObjectAnnotation:Delete", version),
        )
        return Decided(version, effects)


@frozen
class ExpandAnnotations:
    """Remove a slice of the annotations of a version that is gone. Answers whether more may be left."""

    dropped: Dropped
    blobs: tuple[int, ...] = ()

    @property
    def _annotations(self) -> Annotations:
        return Annotations(self.dropped.target, limit=SLICE)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (self._annotations,)

    def decide(self, rows: Rows, moment: Moment) -> Decided[bool]:
        found = rows.of(self._annotations)
        if not found:
            return Decided(False, (ForgetDropped((self.dropped.id,)),))
        names = tuple(annotation.name for annotation in found)
        inline = [RemoveInline(annotation.inline) for annotation in found]
        return Decided(True, (RemoveAnnotations(self.dropped.target, names), *inline))


class ObjectAnnotations:
    """The annotations of all objects."""

    def __init__(self, metadata: MetadataStore, ids: Ids, objects: Objects) -> None:
        self._metadata = metadata
        self._ids = ids
        self._objects = objects

    async def put(self, named: Named, annotation: Annotation, content: bytes, *, if_match: str | None) -> Annotated:
        """Keep ``content`` as an annotation, of which version, place and time are said here. AnnotationLimitExceeded,
        PreconditionFailed, those of ``refuse_encrypted`` and of ``Objects.find``."""
        placed = annotation._replace(inline=await self._ids.take())
        return await self._metadata.commit(AnnotateVersion(named, placed, content, if_match))

    async def remove(self, named: Named, name: str, *, if_match: str | None) -> Version:
        """PreconditionFailed, errors of ``Objects.find``."""
        return await self._metadata.commit(RemoveAnnotation(named, name, if_match))

    async def find(self, bucket: Bucket, key: str, version_id: str | None, name: str) -> tuple[Annotated, bytes]:
        """An annotation and its payload. NoSuchAnnotation, errors of ``Objects.find``, Damaged."""
        version = await self._objects.find(bucket, key, version_id)

        def question(reader: Reader) -> tuple[Annotation | None, bytes | None]:
            annotation = reader.fetch(AnnotationNamed(version.id, name))
            return annotation, annotation and reader.fetch(InlineContent(annotation.inline))

        annotation, content = await self._metadata.view(question)
        if annotation is None:
            raise S3Error(ErrorCode.NoSuchAnnotation)
        if content is None:
            raise Damaged(f"the annotation {name!r} of version {version.id} has no bytes")
        return Annotated(version, annotation), content

    async def page(
        self, bucket: Bucket, key: str, version_id: str | None, *, prefix: str, after: str, limit: int
    ) -> tuple[Version, list[Annotation], str | None]:
        """A version, its annotations by name after ``after``, and the last name where more follow. Errors of
        ``Objects.find``."""
        version = await self._objects.find(bucket, key, version_id)
        rows = await self._metadata.view(lambda reader: reader.fetch(Annotations(version.id, after, MOST)))
        found = [annotation for annotation in rows if annotation.name.startswith(prefix)]
        page = found[:limit]
        return version, page, page[-1].name if page and len(found) > limit else None
