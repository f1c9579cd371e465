"""The errors that the engine's rules raise, worded as S3 words them."""

from __future__ import annotations

from email.utils import formatdate

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.versioning import is_well_formed
from trug.ports.rows import Bucket, Version


class Moved(Exception):
    """What a change was prepared from is not there any more: prepare it again. Never leaves the engine."""


def no_such_bucket(name: str) -> S3Error:
    return S3Error(ErrorCode.NoSuchBucket, fields={"BucketName": name})


def no_such_key(key: str) -> S3Error:
    return S3Error(ErrorCode.NoSuchKey, fields={"Key": key})


def no_such_upload(upload_id: str) -> S3Error:
    return S3Error(ErrorCode.NoSuchUpload, fields={"UploadId": upload_id})


def hidden_by_marker(key: str, marker: Version) -> S3Error:
    """The newest version is a delete marker: 404 that says so."""
    return S3Error(ErrorCode.NoSuchKey, fields={"Key": key}, headers=_of_marker(marker))


def is_marker(marker: Version) -> S3Error:
    """A delete marker was asked for by its version id: it can only be deleted."""
    headers = {"allow": "DELETE", **_of_marker(marker)}
    return S3Error(
        ErrorCode.MethodNotAllowed, fields={"Method": "GET", "ResourceType": "DeleteMarker"}, headers=headers
    )


def _of_marker(marker: Version) -> dict[str, str]:
    """What GET and HEAD tell of a delete marker in their way."""
    return {
        "x-amz-delete-marker": "true",
        "x-amz-version-id": marker.version_id,
        "last-modified": formatdate(marker.listing.modified // 1_000_000, usegmt=True),
    }


def unknown_version(key: str, version_id: str) -> S3Error:
    """No row has this version id: 404 when it could be one of ours, else 400."""
    if is_well_formed(version_id):
        return S3Error(ErrorCode.NoSuchVersion, fields={"Key": key, "VersionId": version_id})
    return malformed_version(version_id)


def malformed_version(version_id: str) -> S3Error:
    return invalid_argument("Invalid version id specified", "versionId", version_id)


def shown_version(bucket: Bucket, version: Version) -> str | None:
    """The version id that reads of this bucket tell: none where versioning never was on."""
    return version.version_id if bucket.versioning.value else None
