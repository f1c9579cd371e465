"""Commands on quotas: set, shown, cleared, of a bucket or of an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trug.domain.configurations import QUOTA
from trug.domain.sizes import parse_size
from trug.engine.configurations import Configure
from trug.engine.quotas import Quota, SetAccountQuota, packed, unpacked
from trug.iam.refusals import IamError
from trug.ports.reads import BucketNamed, Configuration, CountersOf, CountersOfAccount, Document
from trug.ports.rows import Bucket, Counters
from trug.ports.stores import MetadataStore

MOST = 2**62


async def set_quota(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Limit a bucket or an account; what is not given is not limited. IamError, ValueError."""
    quota = Quota(_limit("bytes", parse_size, given), _limit("objects", int, given))
    if quota == Quota():
        raise ValueError("give --bytes, --objects or both; trug quota clear lifts a quota")
    return await _change(metadata, given, quota)


async def clear_quota(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Lift the quota of a bucket or an account. IamError, ValueError."""
    return await _change(metadata, given, None)


async def show_quota(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """The quota of a bucket or an account, and what is used of it. IamError, ValueError."""
    if given.get("bucket"):
        bucket = await _bucket(metadata, given)
        stored = await metadata.fetch(Configuration(bucket.id, QUOTA))
        return _shown("bucket", bucket.name, unpacked(stored), await metadata.fetch(CountersOf(bucket.id)))
    account = _account(given)
    stored = await metadata.fetch(Document(QUOTA, account))
    return _shown("account", account, unpacked(stored), await metadata.fetch(CountersOfAccount(account)))


async def _change(metadata: MetadataStore, given: Mapping[str, str], quota: Quota | None) -> dict[str, Any]:
    if given.get("bucket"):
        bucket = await _bucket(metadata, given)
        await metadata.commit(Configure(bucket, QUOTA, None if quota is None else packed(quota)))
    else:
        await metadata.commit(SetAccountQuota(_account(given), quota))
    return await show_quota(metadata, given)


async def _bucket(metadata: MetadataStore, given: Mapping[str, str]) -> Bucket:
    if given.get("account"):
        raise ValueError("a quota is of a bucket or of an account: give one of them")
    bucket = await metadata.fetch(BucketNamed(given["bucket"]))
    if bucket is None:
        raise IamError(f"there is no bucket {given['bucket']}")
    return bucket


def _account(given: Mapping[str, str]) -> str:
    account = given.get("account")
    if not account:
        raise ValueError("a quota is of a bucket or of an account: give one of them")
    return account


def _limit(name: str, read: Any, given: Mapping[str, str]) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    limit = int(read(text))
    if not 0 <= limit <= MOST:
        raise ValueError(f"{name}: a number from 0 on")
    return limit


def _shown(scope: str, name: str, quota: Quota, totals: Counters) -> dict[str, Any]:
    return {
        "quota": {
            scope: name,
            "bytes": quota.bytes,
            "objects": quota.objects,
            "used_bytes": totals.bytes,
            "used_objects": totals.versions,
        }
    }
