"""The two documents of a multipart upload."""

from __future__ import annotations

from hashlib import md5


def upload_id_of(document: bytes) -> str:
    """The UploadId in the answer of CreateMultipartUpload."""
    return document.decode().partition("<UploadId>")[2].partition("<")[0]


def completed_upload(part: bytes, count: int) -> bytes:
    """CompleteMultipartUpload's document for ``count`` parts with the same bytes."""
    etag = md5(part).hexdigest()
    parts = "".join(
        f'<Part><PartNumber>{number}</PartNumber><ETag>"{etag}"</ETag></Part>' for number in range(1, count + 1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
