"""What answers tell of the rules that will expire an object or give up an upload."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from trug.domain.configurations import HAS_LIFECYCLE
from trug.domain.lifecycle import Step
from trug.engine.drafts import Stored
from trug.operations.call import Call
from trug.ports.rows import Upload, Version
from trug.wire.dates import http_date

EXPIRATION = "x-amz-expiration"
ABORT_DATE = "x-amz-abort-date"
ABORT_RULE = "x-amz-abort-rule-id"


async def stored_expiration(call: Call, key: str, tags: Mapping[str, str], stored: Stored) -> dict[str, str]:
    """``x-amz-expiration`` of what was just written, in a bucket with rules."""
    step = await call.engine.lifecycles.expiry(call.bucket, key, tags, size=stored.size, modified=stored.modified)
    return _expiration(step)


async def version_expiration(call: Call, version: Version) -> dict[str, str]:
    """``x-amz-expiration`` of a version that is read, in a bucket with rules; none of noncurrent ones."""
    if version.noncurrent_since is not None:
        return {}
    listing, tags = version.listing, version.record.tags
    step = await call.engine.lifecycles.expiry(
        call.bucket, version.key, tags, size=listing.size, modified=listing.modified
    )
    return _expiration(step)


async def abortion(call: Call, upload: Upload) -> dict[str, str]:
    """``x-amz-abort-date`` and the id of its rule, where one will give the upload up."""
    if not call.bucket.configured & HAS_LIFECYCLE:
        return {}
    step = await call.engine.lifecycles.abortion(call.bucket, upload.key, upload.initiated)
    return {} if step is None else {ABORT_DATE: http_date(step.at), ABORT_RULE: _as_header(step.rule)}


def _expiration(step: Step | None) -> dict[str, str]:
    """As AWS writes it: the date, and the rule's id percent-encoded."""
    return {} if step is None else {EXPIRATION: f'expiry-date="{http_date(step.at)}", rule-id="{quote(step.rule)}"'}


def _as_header(rule: str) -> str:
    """A rule's id, which may be any text: percent-encoded where a header could not hold it."""
    return rule if rule.isascii() and rule.isprintable() else quote(rule)
