"""Commands on the audit trail: read it, verify it, cut off its front."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trug.domain.audit import AuditRecord
from trug.engine.trail import PAGE, Trail
from trug.iam.entities import Kind
from trug.ports.stores import MetadataStore
from trug.wire.dates import iso_date

PAGES = 20
"""How many pages of records one answer looks through."""


async def list_audit(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Records in their order: from ``since`` and before ``until`` (ISO 8601), of an ``actor`` (an ARN, the end of one,
    or an access key), about a ``bucket``. ValueError for a time that is none."""
    trail, after = Trail(metadata), int(given.get("after") or 0)
    since, until = moment_of(given.get("since")), moment_of(given.get("until"))
    found: list[dict[str, Any]] = []
    for _ in range(PAGES):
        page = await trail.page(after)
        found += [
            shown
            for record in page
            if (since is None or record.time >= since)
            and (until is None or record.time < until)
            and is_wanted(shown := shown_record(record), given)
        ]
        if len(page) < PAGE or (until is not None and page[-1].time >= until):
            return {"records": found}
        after = page[-1].sequence
    return {"records": found, "next": str(after)}


async def verify_audit(metadata: MetadataStore, _: Mapping[str, str]) -> dict[str, Any]:
    """Follow the chain of hashes; ``broken`` names the first record that does not fit. ``hash`` is the chain's end, to
    be kept elsewhere by who wants to know later that nobody wrote the chain anew."""
    verdict = await Trail(metadata).verify()
    found = {"records": verdict.records, "last": verdict.head.sequence, "hash": verdict.head.hash.hex()}
    return {"audit": found | ({"broken": verdict.broken} if verdict.broken else {})}


async def trim_audit(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Forget the records from before a time. ValueError where it is none."""
    before = moment_of(given["before"])
    return {"audit": {"removed": await Trail(metadata).cut(before or 0)}}


def moment_of(text: str | None) -> int | None:
    """µs since 1970 of a date or a time in ISO 8601, in UTC unless it says otherwise. ValueError."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no date or time as 2026-01-31 or 2026-01-31T12:00:00Z") from None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1_000_000)


FIELDS = {name: shape._fields for shape, name in Kind.known.items()}

UNREADABLE: dict[str, Any] = {
    "actor": "", "access_key": "", "address": "", "action": "unreadable", "request_id": "", "bucket": "", "changes": []
}  # fmt: skip


def shown_record(record: AuditRecord) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(record.document)
    except ValueError:
        said = UNREADABLE
    for change in said["changes"]:
        names = FIELDS.get(kind_of(change["resource"]), ())
        change |= {when: with_names(names, change[when]) for when in ("before", "after")}
    return {"record": record.sequence, "time": iso_date(record.time), **said, "hash": record.hash.hex()}


def kind_of(resource: str) -> str:
    """The kind of a thing of IAM (``iam/ACCOUNT/KIND/…``), else empty."""
    service, _, rest = resource.partition("/")
    return rest.partition("/")[2].partition("/")[0] if service == "iam" else ""


def with_names(names: tuple[str, ...], value: Any) -> Any:
    """What is stored by place, by name."""
    return dict(zip(names, value, strict=False)) if names and isinstance(value, list) else value


def is_wanted(shown: Mapping[str, Any], given: Mapping[str, str]) -> bool:
    bucket, actor = given.get("bucket"), given.get("actor")
    if bucket and shown["bucket"] != bucket:
        return False
    arn: str = shown["actor"]
    return (
        not actor or actor in (arn, shown["access_key"], shown["address"]) or arn.endswith((f"/{actor}", f":{actor}"))
    )
