"""The command that tells what a bucket's lifecycle rules would do now, and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trug.domain.configurations import LIFECYCLE
from trug.domain.lines import key_of
from trug.engine.lifecycle import TOP, Asked, Lifecycles, Look, Place, Task
from trug.iam.refusals import IamError
from trug.ports.reads import BucketNamed, Configuration, OpenUploads, VersionRange
from trug.ports.rows import Upload
from trug.ports.stores import MetadataStore, Reader
from trug.wire.dates import iso_date

KEYS = 500
"""Keys of one page."""
NEWEST = 2**63 - 1


async def preview_lifecycle(
    metadata: MetadataStore, lifecycles: Lifecycles | None, given: Mapping[str, str]
) -> dict[str, Any]:
    """What is due of a page of a bucket's keys: key, version or upload, action and rule; ``next`` is the last of them
    where there may be more. IamError."""
    bucket = await metadata.fetch(BucketNamed(given["bucket"]))
    if bucket is None:
        raise IamError(f"there is no bucket {given['bucket']}")
    document = await metadata.fetch(Configuration(bucket.id, LIFECYCLE))
    if document is None or lifecycles is None:
        raise IamError(f"the bucket {bucket.name} has no lifecycle rules")
    asked = lifecycles.asked(bucket, document)
    after = given.get("after", "")
    keys, has_more = await metadata.view(lambda reader: _keys(reader, asked, after))
    tasks: list[Task] = []
    for key in keys:
        place: Place | None = TOP
        while place is not None:
            look = await metadata.view(lambda reader, key=key, place=place: _look(reader, asked, key, place))  # type: ignore[misc]
            tasks += look.tasks
            place = look.deeper
    following = {"next": keys[-1]} if has_more else {}
    return {"due": [_shown(task) for task in tasks], **following}


def _look(reader: Reader, asked: Asked, key: str, place: Place) -> Look:
    return asked.look(reader, key, place)


def _keys(reader: Reader, asked: Asked, after: str) -> tuple[list[str], bool]:
    """The next keys of versions and of uploads, in one order, and whether there may be more."""
    number = asked.bucket.id
    found: set[str] = set()
    place = after
    while len(found) < KEYS:
        listed = reader.fetch(VersionRange(number, place, 0 if place else NEWEST, "", KEYS))
        if not listed:
            break
        place = key_of(listed[-1].row)
        found |= {key_of(version.row) for version in listed}
    uploads = reader.fetch(OpenUploads(number, after, "", True, "", KEYS))
    found |= {upload.key for upload in uploads}
    if len(uploads) == KEYS:  # what comes behind them is not known yet
        found = {key for key in found if key <= uploads[-1].key}
    page = sorted(found)[:KEYS]
    return page, len(page) == KEYS or len(uploads) == KEYS


def _shown(task: Task) -> dict[str, Any]:
    step, target = task
    return {
        "action": step.act.value,
        "rule": step.rule,
        "key": target.key,
        "version_id": "" if isinstance(target, Upload) else target.version_id,
        "upload_id": target.upload_id if isinstance(target, Upload) else "",
        "storage_class": step.storage_class,
        "since": iso_date(step.at),
    }
