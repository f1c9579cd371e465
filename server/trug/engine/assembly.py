"""What CompleteMultipartUpload makes of the parts it names: checked, summed up, with the object's digests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from trug.domain.checksums import combine, composite, full_object
from trug.domain.ends import pack
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.domain.objects import COMPOSITE, Checksum, Listing, Record
from trug.engine.drafts import RequestedPart
from trug.engine.intake import DEFAULT_CHECKSUM
from trug.ports.rows import Completed, Part, Upload

SMALLEST_PART = 5 << 20
LARGEST_OBJECT = 10_000 * (5 << 30)


class Assembly(NamedTuple):
    """The object that a completed upload is: its rows but for what the commit adds."""

    completed: Completed
    listing: Listing
    record: Record


def assemble(
    upload: Upload,
    parts: Mapping[int, Part],
    requested: Sequence[RequestedPart],
    claimed: Checksum | None,
    size: int | None,
) -> Assembly:
    """Check the request against the stored parts and compute ETag and checksum ("CompleteMultipartUpload",
    "Checking object integrity"). InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest, BadDigest."""
    chosen = chosen_parts(upload, parts, requested)
    ends = tuple(accumulate(part.size for part in chosen))
    _check_size(ends[-1], size)
    etag = multipart_etag(chosen)
    checksum = object_checksum(upload, chosen)
    _check_claim(checksum, claimed)
    completed = Completed(
        version_id="",
        etag=etag,
        checksum=checksum,
        ends=pack(zip((part.number for part in chosen), ends, strict=True)),
        requested=fingerprint(requested),
    )
    listing = Listing(etag, ends[-1], upload.initiated, upload.storage_class, checksum.algorithm, checksum.type)
    record = replace(upload.record, checksum=checksum, parts=len(chosen))
    return Assembly(completed, listing, record)


def fingerprint(requested: Sequence[RequestedPart]) -> bytes:
    """What a repeated call must have in common with the one that completed the upload."""
    return hashlib.sha256("\n".join(f"{part.number} {part.etag}" for part in requested).encode()).digest()


def chosen_parts(upload: Upload, parts: Mapping[int, Part], requested: Sequence[RequestedPart]) -> list[Part]:
    """The stored parts that the request names, in its order."""
    numbers = [part.number for part in requested]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise S3Error(ErrorCode.InvalidPartOrder, fields={"UploadId": upload.upload_id})
    chosen = [_chosen(upload, parts.get(wanted.number), wanted) for wanted in requested]
    for part in chosen[:-1]:
        if part.size < SMALLEST_PART:
            raise _too_small(part)
    return chosen


def _chosen(upload: Upload, part: Part | None, wanted: RequestedPart) -> Part:
    if part is None or part.etag != wanted.etag:
        raise _invalid_part(upload, wanted)
    stored = part.checksum
    for algorithm, value in wanted.checksums.items():
        if stored is not None and stored.algorithm == algorithm and stored.value != value:
            raise _invalid_part(upload, wanted)
    if upload.checksum_type == COMPOSITE and upload.checksum_algorithm not in wanted.checksums:
        raise S3Error(
            ErrorCode.InvalidRequest,
            f"The upload was created using a {upload.checksum_algorithm.lower()} checksum. The complete request must "
            f"include the checksum for each part. It was missing for part {wanted.number} in the request.",
        )
    return part


def multipart_etag(parts: Sequence[Part]) -> str:
    """The MD5 of the parts' MD5s, and how many they were."""
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(parts)}"


def object_checksum(upload: Upload, parts: Sequence[Part]) -> Checksum:
    """The object's checksum of the upload's algorithm and type; of the full object by CRC64NVME when it named none."""
    algorithm = upload.checksum_algorithm or DEFAULT_CHECKSUM
    digests = [base64.b64decode(part.checksum.value) for part in parts if part.checksum is not None]
    if upload.checksum_type == COMPOSITE:
        return Checksum(algorithm, composite(algorithm, digests), COMPOSITE)
    lengths = [part.size for part in parts]
    combined = combine(algorithm, list(zip(digests, lengths, strict=True)))
    return full_object(algorithm, combined)


def _check_size(actual: int, claimed: int | None) -> None:
    if actual > LARGEST_OBJECT:
        raise S3Error(
            ErrorCode.EntityTooLarge, fields={"ProposedSize": str(actual), "MaxSizeAllowed": str(LARGEST_OBJECT)}
        )
    if claimed is not None and claimed != actual:
        raise S3Error(
            ErrorCode.InvalidRequest,
            f"The provided 'x-amz-mp-object-size' header value {claimed} does not match what was computed: {actual}",
        )


def _check_claim(actual: Checksum, claimed: Checksum | None) -> None:
    if claimed is None:
        return
    if claimed.type and claimed.type != actual.type:
        raise S3Error(
            ErrorCode.InvalidRequest,
            f"The upload was created using the {actual.type} checksum mode. The complete request must use the same "
            "checksum mode.",
        )
    if not claimed.algorithm:
        return
    if claimed.algorithm != actual.algorithm:
        raise S3Error(
            ErrorCode.InvalidRequest,
            f"Checksum Type mismatch occurred, expected checksum Type: {actual.algorithm.lower()}, "
            f"actual checksum Type: {claimed.algorithm.lower()}",
        )
    if claimed.value.partition("-")[0] != actual.value.partition("-")[0]:
        raise S3Error(
            ErrorCode.BadDigest,
            f"The {actual.algorithm} you specified did not match the calculated checksum.",
        )


def _invalid_part(upload: Upload, wanted: RequestedPart) -> S3Error:
    fields = {"UploadId": upload.upload_id, "PartNumber": str(wanted.number), "ETag": wanted.etag}
    return S3Error(ErrorCode.InvalidPart, fields=fields)


def _too_small(part: Part) -> S3Error:
    fields = {
        "ProposedSize": str(part.size),
        "MinSizeAllowed": str(SMALLEST_PART),
        "PartNumber": str(part.number),
        "ETag": part.etag,
    }
    return S3Error(ErrorCode.EntityTooSmall, fields=fields)
