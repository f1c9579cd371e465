"""What the audit trail tells of each effect that manages something: a row for every effect that refreshes.

A change of such an effect is told whoever makes it, and nobody has to remember to: the stores ask here while they apply
it. Effects on objects have no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trug.domain.acl import unpack_acl
from trug.domain.audit import Touched, shown_document
from trug.domain.configurations import ACL, PUBLIC_ACCESS_BLOCK
from trug.domain.identity import Account
from trug.domain.public_access import ACCOUNT_KIND, SETTINGS, block_of, settings_of
from trug.ports import effects as do
from trug.ports import reads as ask
from trug.ports.changes import Effect, Read
from trug.ports.rows import AccessKey, Bucket, Link

Fetch = Callable[[Read[Any]], Any]
"""Answers reads on the state before an effect."""

Telling = Callable[[Any, Fetch], Touched | None]
"""What is told of an effect; None where it changes nothing that anybody manages."""

BOOKKEEPING = frozenset({"audit", "lifecycle", "inventory", "rename-tokens", "key-used", "role-used"})
"""Kinds of the store's own documents that are how far its work has come. All others are told of."""


def told_of(effect: Effect, fetch: Fetch) -> Touched | None:
    """What the trail tells of an effect, asked before it is applied."""
    telling = TELLINGS.get(type(effect))
    return None if telling is None else telling(effect, fetch)


def put_bucket(effect: do.PutBucket, fetch: Fetch) -> Touched | None:
    before, after = shown_bucket(fetch(ask.BucketWithId(effect.bucket.id))), shown_bucket(effect.bucket)
    name = effect.bucket.name
    return None if before == after else Touched(f"bucket/{name}", before, after, name)


def remove_bucket(effect: do.RemoveBucket, fetch: Fetch) -> Touched | None:
    bucket = fetch(ask.BucketWithId(effect.id))
    return None if bucket is None else Touched(f"bucket/{bucket.name}", shown_bucket(bucket), None, bucket.name)


def set_configuration(effect: do.SetConfiguration, fetch: Fetch) -> Touched:
    bucket = fetch(ask.BucketWithId(effect.bucket))
    name = str(effect.bucket) if bucket is None else bucket.name
    before = fetch(ask.Configuration(effect.bucket, effect.kind))
    return Touched(
        f"bucket/{name}/{effect.kind}", shown(effect.kind, before), shown(effect.kind, effect.document), bucket=name
    )


def put_account(effect: do.PutAccount, fetch: Fetch) -> Touched | None:
    before, after = shown_account(fetch(ask.AccountWithId(effect.account.id))), shown_account(effect.account)
    return None if before == after else Touched(f"account/{effect.account.id}", before, after)


def remove_account(effect: do.RemoveAccount, fetch: Fetch) -> Touched | None:
    before = shown_account(fetch(ask.AccountWithId(effect.id)))
    return None if before is None else Touched(f"account/{effect.id}", before, None)


def put_entity(effect: do.PutEntity, fetch: Fetch) -> Touched:
    account, kind, place, document = effect.entity
    before = fetch(ask.EntityAt(account, kind, place))
    return Touched(f"iam/{account}/{kind}/{place}", shown_document(before), shown_document(document))


def remove_entity(effect: do.RemoveEntity, fetch: Fetch) -> Touched | None:
    before = fetch(ask.EntityAt(effect.account, effect.kind, effect.place))
    if before is None:
        return None
    return Touched(f"iam/{effect.account}/{effect.kind}/{effect.place}", shown_document(before), None)


def put_link(effect: do.PutLink, _: Fetch) -> Touched:
    return Touched(place_of(effect.link), None, effect.link.right)


def remove_link(effect: do.RemoveLink, _: Fetch) -> Touched:
    return Touched(place_of(effect.link), effect.link.right, None)


def place_of(link: Link) -> str:
    return f"iam/{link.account}/{link.left}/{link.kind}/{link.right}"


def put_key(effect: do.PutKey, fetch: Fetch) -> Touched:
    before = shown_key(fetch(ask.KeyWithId(effect.key.access_key)))
    return Touched(f"key/{effect.key.access_key}", before, shown_key(effect.key))


def remove_key(effect: do.RemoveKey, fetch: Fetch) -> Touched | None:
    before = shown_key(fetch(ask.KeyWithId(effect.access_key)))
    return None if before is None else Touched(f"key/{effect.access_key}", before, None)


def keep_document(effect: do.KeepDocument, fetch: Fetch) -> Touched | None:
    if effect.kind in BOOKKEEPING:
        return None
    before = fetch(ask.Document(effect.kind, effect.name))
    if before is None and effect.document is None:
        return None
    return Touched(f"{effect.kind}/{effect.name}", shown(effect.kind, before), shown(effect.kind, effect.document))


def attest(effect: do.Attest, _: Fetch) -> Touched:
    return Touched(effect.resource, None, effect.after)


TELLINGS: Mapping[type[Effect], Telling] = {
    do.PutBucket: put_bucket,
    do.RemoveBucket: remove_bucket,
    do.SetConfiguration: set_configuration,
    do.PutAccount: put_account,
    do.RemoveAccount: remove_account,
    do.PutEntity: put_entity,
    do.RemoveEntity: remove_entity,
    do.PutLink: put_link,
    do.RemoveLink: remove_link,
    do.PutKey: put_key,
    do.RemoveKey: remove_key,
    do.KeepDocument: keep_document,
    do.Attest: attest,
}


def shown_bucket(bucket: Bucket | None) -> dict[str, Any] | None:
    if bucket is None:
        return None
    return {"account": bucket.account, "region": bucket.region, "versioning": bucket.versioning.value}


def shown_account(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    return {"canonical_id": account.canonical_id, "display_name": account.display_name, "email": account.email}


def shown_key(key: AccessKey | None) -> dict[str, Any] | None:
    """Not its secret, sealed as it is."""
    return None if key is None else {"account": key.account, "user": key.user, "active": key.active}


def shown_block(document: bytes) -> dict[str, bool]:
    return dict(zip(SETTINGS, settings_of(block_of(document)), strict=True))


def shown_acl(document: bytes) -> dict[str, Any]:
    acl = unpack_acl(document.decode())
    return {"owner": acl.owner, "grants": [f"{grant.permission} to {grant.grantee.id}" for grant in acl.grants]}


def shown_moment(document: bytes) -> int:
    """In µs since 1970."""
    return int.from_bytes(document, "big")


PACKED: Mapping[str, Callable[[bytes], Any]] = {
    PUBLIC_ACCESS_BLOCK: shown_block,
    ACCOUNT_KIND: shown_block,
    ACL: shown_acl,
    "sessions-revoked": shown_moment,
}
"""Documents that are neither text nor msgpack, by kind."""


def shown(kind: str, document: bytes | None) -> Any:
    """A document as a value of JSON; what cannot be read is told all the same."""
    show = PACKED.get(kind)
    if show is None or document is None:
        return shown_document(document)
    try:
        return show(document)
    except (KeyError, ValueError):
        return shown_document(document)
