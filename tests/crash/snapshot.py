"""All that a server shows of its store, without what differs between two runs of the same script."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from tests.crash.contents import digest
from tests.support.client import Answer, Client, target_of

Snapshot = tuple[str, ...]

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""In the key of a file that the server itself has given a name."""
TOLD = ("content-type", "x-amz-meta-name", "x-amz-mp-parts-count", "x-amz-tagging-count")


class Unreadable(Exception):
    """The server does not show what its lists promise."""


def take(client: Client) -> Snapshot:
    """Every version with a digest of its bytes, every upload with its parts. Unreadable, Lost."""
    lines: list[str] = []
    for bucket in texts(ask(client, "/").root.iter("Bucket"), "Name"):
        lines.append(f"bucket {bucket}")
        lines += versions_of(client, bucket)
        lines += uploads_of(client, bucket)
    return tuple(lines)


def ask(client: Client, target: str) -> Answer:
    answer = client.ask("GET", target)
    if not answer.is_success:
        raise Unreadable(f"GET {target}: {answer.status} {answer.code}")
    return answer


def texts(elements: Iterable[ET.Element], name: str) -> list[str]:
    return [element.findtext(name) or "" for element in elements]


def versions_of(client: Client, bucket: str) -> list[str]:
    versions = ask(client, target_of(bucket, query={"versions": ""})).root
    listed = texts(ask(client, target_of(bucket, query={"list-type": 2})).root.iter("Contents"), "Key")
    shown = [version for version in versions if version.tag in ("Version", "DeleteMarker")]
    lines = [f"  lists {key}" for key in listed] + [f"  {' '.join(seen(client, bucket, version))}" for version in shown]
    return [line for line in lines if not UUID.search(line)] + sorted(
        UUID.sub("UUID", line) for line in lines if UUID.search(line)
    )


def seen(client: Client, bucket: str, version: ET.Element) -> list[str]:
    key, version_id, is_latest, etag, size = (
        version.findtext(name) or "" for name in ("Key", "VersionId", "IsLatest", "ETag", "Size")
    )
    words = [
        version.tag,
        key,
        "null" if version_id == "null" else "numbered",
        "latest" if is_latest == "true" else "old",
    ]
    if version.tag == "DeleteMarker":
        return words
    answer = ask(client, target_of(bucket, key, {"versionId": version_id}))
    if answer.etag != etag or str(len(answer.body)) != size:
        raise Unreadable(f"{bucket}/{key}: listed as {etag} {size}, got {answer.etag} {len(answer.body)}")
    told = [f"{name}={answer.headers[name]}" for name in TOLD if name in answer.headers]
    return [*words, etag, size, digest(answer.body), *told]


def uploads_of(client: Client, bucket: str) -> list[str]:
    lines = []
    for upload in ask(client, target_of(bucket, query={"uploads": ""})).root.iter("Upload"):
        key, number = upload.findtext("Key") or "", upload.findtext("UploadId") or ""
        lines.append(f"  upload of {key}")
        parts = ask(client, target_of(bucket, key, {"uploadId": number})).root.iter("Part")
        lines += [
            f"    part {' '.join(part.findtext(name) or '' for name in ('PartNumber', 'ETag', 'Size'))}"
            for part in parts
        ]
    return lines


def difference(found: Snapshot, *expected: Snapshot) -> str:
    """What a person needs to see."""
    parts = ["found:", *found]
    for number, snapshot in enumerate(expected, 1):
        parts += [f"allowed {number}:", *snapshot]
    return "\n".join(parts)
