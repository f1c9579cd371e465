"""What the command line does to a store, running or not: each command a function from values to values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from trug.domain.audit import LOCAL, Actor
from trug.domain.frozen import frozen
from trug.engine.fsck import Fsck
from trug.engine.lifecycle import Lifecycles
from trug.engine.locking import MarkTime
from trug.engine.rekeying import Rekeying
from trug.engine.trail import Attested
from trug.iam.development import DevelopmentIssuer
from trug.iam.people import People
from trug.iam.refusals import IamError
from trug.manage.audit import list_audit, trim_audit, verify_audit
from trug.manage.explaining import explain_access
from trug.manage.lifecycle import preview_lifecycle
from trug.manage.people import PEOPLE
from trug.manage.public_access import block_account, unblock_account
from trug.manage.quotas import clear_quota, set_quota, show_quota
from trug.ports.acting import acting
from trug.ports.key_management import KeyRing, UnknownKey
from trug.ports.reports import AccountSummary, BucketSummary
from trug.ports.rows import Counters
from trug.ports.stores import MetadataStore
from trug.wire.dates import iso_date

Answer = dict[str, Any]

LONGEST_PAGE = 1000


@frozen
class Managed:
    """The parts of an open store that commands act on."""

    people: People
    fsck: Fsck
    metadata: MetadataStore
    rekeying: Rekeying
    ring: KeyRing
    kms: KeyRing | None = None
    """The ring again where KMS's keys are in it, None where a service keeps them."""
    lifecycles: Lifecycles | None = None
    development: DevelopmentIssuer | None = None


Command = Callable[[Managed, Mapping[str, str]], Awaitable[Answer]]


async def list_buckets(store: Managed, given: Mapping[str, str]) -> Answer:
    """A page of the buckets of ``account`` (of all, when it is not given) with their totals. IamError when there is no
    such account, ValueError for a ``limit`` that is no number."""
    account, limit = given.get("account", ""), _limit(given)
    if account and await store.people.find_account(account) is None:
        raise IamError(f"there is no account {account}")
    reports = await store.metadata.reports()
    rows = await reports.bucket_page(given.get("after", ""), limit, account=account)
    return _page("buckets", [_bucket(row) for row in rows], limit, "name")


async def list_accounts(store: Managed, given: Mapping[str, str]) -> Answer:
    """A page of the accounts with the totals over their buckets. ValueError for a ``limit`` that is no number."""
    limit = _limit(given)
    reports = await store.metadata.reports()
    rows = await reports.account_page(given.get("after", ""), limit)
    return _page("accounts", [_account(row) for row in rows], limit, "id")


async def create_kms_key(store: Managed, given: Mapping[str, str]) -> Answer:
    """Make a KMS key in the key ring. IamError for a name that is none or taken, and where a service keeps the keys."""
    if store.kms is None:
        raise IamError("a key service keeps the KMS keys of this store: make it there")
    try:
        store.kms.create(given["name"])
    except ValueError as error:
        raise IamError(str(error)) from error
    await attest(store, f"kms/{given['name']}", "made")
    return {"key": {"name": given["name"], "versions": 1}}


async def rotate_kms_key(store: Managed, given: Mapping[str, str]) -> Answer:
    """Give a key of the ring a new version, and wrap under it what the older ones wrapped; no object is touched."""
    name = given["name"]
    try:
        version = store.ring.rotate(name)
    except UnknownKey as error:
        raise IamError(str(error)) from error
    await attest(store, f"kms/{name}", f"version {version}")
    return {"key": {"name": name, "versions": version, "rewrapped": await store.rekeying.renew(name)}}


async def rewrap_kms_key(store: Managed, given: Mapping[str, str]) -> Answer:
    """Wrap under the newest version of a key what its older ones wrapped: after a rotation that was cut off, or one at
    a key service."""
    return {"key": {"name": given["name"], "rewrapped": await store.rekeying.renew(given["name"])}}


async def list_kms_keys(store: Managed, _: Mapping[str, str]) -> Answer:
    """The keys in the key ring: SSE-S3's own and KMS's."""
    keys = store.ring.entries()
    return {"keys": [{"name": name, "versions": count, "newest": iso_date(made)} for name, count, made in keys]}


async def accept_clock(store: Managed, _: Mapping[str, str]) -> Answer:
    """Have lock time, the clock that Object Lock goes by, go on from what the system's clock shows."""
    store.metadata.accept_clock()
    lock_time = iso_date(await store.metadata.commit(MarkTime()))
    await attest(store, "clock", f"accepted, lock time is {lock_time}")
    return {"clock": {"lock_time": lock_time}}


async def attest(store: Managed, resource: str, said: str) -> None:
    """Have the audit trail tell of what no change of the metadata tells of."""
    await store.metadata.commit(Attested(resource, said))


def _on_quotas(run: Callable[[MetadataStore, Mapping[str, str]], Awaitable[Answer]]) -> Command:
    async def command(store: Managed, given: Mapping[str, str]) -> Answer:
        if given.get("account") and await store.people.find_account(given["account"]) is None:
            raise IamError(f"there is no account {given['account']}")
        return await run(store.metadata, given)

    return command


def _on_metadata(run: Callable[[MetadataStore, Mapping[str, str]], Awaitable[Answer]]) -> Command:
    async def command(store: Managed, given: Mapping[str, str]) -> Answer:
        return await run(store.metadata, given)

    return command


async def preview(store: Managed, given: Mapping[str, str]) -> Answer:
    """A page of what a bucket's lifecycle rules would do now."""
    return await preview_lifecycle(store.metadata, store.lifecycles, given)


async def make_token(store: Managed, given: Mapping[str, str]) -> Answer:
    """An ID token of the issuer that ``--dev`` brings along."""
    from trug.manage.tokens import sign_token  # what routes need is not loaded before it is asked for

    return sign_token(store.development, given)


async def search(store: Managed, given: Mapping[str, str]) -> Answer:
    """A page of a bucket's objects that a filter holds of."""
    from trug.manage.seeking import search_objects

    return await search_objects(store.metadata, given)


async def index_bucket(store: Managed, given: Mapping[str, str]) -> Answer:
    """Have an index for searches kept for a bucket, or no longer."""
    from trug.manage.seeking import switch_index

    return await switch_index(store.metadata, given)


async def check_store(store: Managed, _: Mapping[str, str]) -> Answer:
    """List what does not fit."""
    report = await store.fsck.run()
    return {"checked": report.checked, "findings": report.findings}


async def run(store: Managed, name: str, given: Mapping[str, str]) -> Answer:
    """Do a command for whoever has the directory at hand. KeyError for no such command, and what it raises."""

    async def work() -> Answer:
        return await COMMANDS[name](store, given)

    return await acting(Actor(f"trug:{name}", address=LOCAL), work())


def _limit(given: Mapping[str, str]) -> int:
    return max(1, min(int(given.get("limit") or LONGEST_PAGE), LONGEST_PAGE))


def _page(name: str, rows: list[dict[str, Any]], limit: int, place: str) -> Answer:
    """Rows under their name; where there may be more, ``next`` is what to send as ``after`` for them."""
    return {name: rows} | ({"next": rows[-1][place]} if len(rows) == limit else {})


def joined(page: Answer, more: Answer) -> Answer:
    """A page with the rows of the one that follows it; what follows that one is still under ``next``."""
    return {name: page[name] + value if isinstance(value, list) else value for name, value in more.items()}


def _totals(counters: Counters) -> dict[str, int]:
    return {name: getattr(counters, name) for name in ("objects", "versions", "bytes", "uploads")}


def _bucket(row: BucketSummary) -> dict[str, Any]:
    bucket = row.bucket
    return {
        "name": bucket.name,
        "account": bucket.account,
        "region": bucket.region,
        "created": iso_date(bucket.created),
        "versioning": bucket.versioning.value,
        **_totals(row.counters),
    }


def _account(row: AccountSummary) -> dict[str, Any]:
    account = row.account
    return {
        "id": account.id,
        "canonical_id": account.canonical_id,
        "display_name": account.display_name,
        "email": account.email,
        **_totals(row.counters),
    }


def _on_people(run: Callable[[People, Mapping[str, str]], Awaitable[Answer]]) -> Command:
    async def command(store: Managed, given: Mapping[str, str]) -> Answer:
        return await run(store.people, given)

    return command


COMMANDS: dict[str, Command] = {
    **{name: _on_people(run) for name, run in PEOPLE.items()},
    "bucket/list": list_buckets,
    "account/list": list_accounts,
    "account/block": _on_metadata(block_account),
    "account/unblock": _on_metadata(unblock_account),
    "quota/set": _on_quotas(set_quota),
    "quota/show": _on_quotas(show_quota),
    "quota/clear": _on_quotas(clear_quota),
    "lifecycle/preview": preview,
    "search": search,
    "bucket/index": index_bucket,
    "token": make_token,
    "fsck": check_store,
    "explain": _on_people(explain_access),
    "audit": _on_metadata(list_audit),
    "audit/verify": _on_metadata(verify_audit),
    "audit/trim": _on_metadata(trim_audit),
    "clock/accept": accept_clock,
    "kms/create": create_kms_key,
    "kms/rotate": rotate_kms_key,
    "kms/rewrap": rewrap_kms_key,
    "kms/list": list_kms_keys,
}
