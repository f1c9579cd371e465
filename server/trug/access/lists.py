"""What lists of access permit, of buckets and of objects: asked where no policy decides."""

from __future__ import annotations

from collections.abc import Mapping

from trug.access import actions
from trug.access.actions import Action
from trug.domain.acl import NOBODY, NOBODY_ID, PUBLIC, Acl, Ownership, Permission, permits, private
from trug.domain.configurations import HAS_OWNERSHIP
from trug.domain.frozen import replace
from trug.domain.identity import Identity, canonical_id_of
from trug.ports.access_lists import AccessLists
from trug.ports.reads import AccountWithId, Current, WithVersionId
from trug.ports.rows import Bucket, Version
from trug.ports.stores import MetadataStore

# "Mapping of ACL permissions and access policy permissions" in the Amazon S3 User Guide; "GetObjectAttributes".

ON_BUCKETS: Mapping[Action, Permission] = {
    actions.LIST_BUCKET: Permission.READ,
    actions.LIST_BUCKET_VERSIONS: Permission.READ,
    actions.LIST_BUCKET_MULTIPART_UPLOADS: Permission.READ,
    actions.PUT_OBJECT: Permission.WRITE,
    actions.DELETE_OBJECT: Permission.WRITE,
    actions.GET_BUCKET_ACL: Permission.READ_ACP,
    actions.PUT_BUCKET_ACL: Permission.WRITE_ACP,
}
ON_OBJECTS: Mapping[Action, Permission] = {
    actions.GET_OBJECT: Permission.READ,
    actions.GET_OBJECT_VERSION: Permission.READ,
    actions.GET_OBJECT_ATTRIBUTES: Permission.READ,
    actions.GET_OBJECT_VERSION_ATTRIBUTES: Permission.READ,
    actions.GET_OBJECT_ACL: Permission.READ_ACP,
    actions.GET_OBJECT_VERSION_ACL: Permission.READ_ACP,
    actions.PUT_OBJECT_ACL: Permission.WRITE_ACP,
    actions.PUT_OBJECT_VERSION_ACL: Permission.WRITE_ACP,
}
OWNERS_ONLY = frozenset({actions.DELETE_OBJECT})
"""What WRITE lets one do to one's own objects alone."""


class ListedAccess:
    """Asks the list of the bucket or of the object that an action is about."""

    def __init__(self, metadata: MetadataStore, lists: AccessLists) -> None:
        self._metadata = metadata
        self._lists = lists

    async def permits(
        self,
        identity: Identity,
        action: Action,
        bucket: Bucket,
        key: str | None = None,
        version_id: str | None = None,
        *,
        ignores_public: bool = False,
    ) -> bool:
        """Whether the list that ``action`` is about grants it to the identity's account, or to everybody.

        Never where the bucket's owner owns all that is in it, and never of an object that is not there. With
        ``ignores_public`` (IgnorePublicAcls) nothing counts that is granted to groups of everybody.
        """
        permission, acl = await self.asked(action, bucket, key, version_id)
        if permission is None or acl is None:
            return False
        if action in OWNERS_ONLY and not await self._owns(identity, bucket, key):
            return False
        if ignores_public:
            acl = without_public(acl)
        account = identity.account
        if account is None:
            return permits(acl, None, permission, is_authenticated=False)
        return permits(acl, account.canonical_id, permission, is_authenticated=True)

    async def asked(
        self, action: Action, bucket: Bucket, key: str | None, version_id: str | None
    ) -> tuple[Permission | None, Acl | None]:
        """The list that an action is about, and what it must grant; None where no list has a say, and of an object that
        is not there."""
        if await self._lists.ownership_of(bucket) is Ownership.ENFORCED:
            return None, None
        permission = ON_OBJECTS.get(action)
        if permission is not None:
            return permission, await self.object_acl(bucket, key, version_id) if key else None
        return ON_BUCKETS.get(action), await self._lists.acl_of(bucket)

    async def object_acl(self, bucket: Bucket, key: str, version_id: str | None) -> Acl | None:
        """The list of an object, None where there is no object."""
        version = await self._version(bucket, key, version_id)
        if version is None or version.marker:
            return None
        if version.record.acl is not None:
            return version.record.acl
        return private(await self._canonical_id(version.record.owner or bucket.account))

    async def is_foreign(self, bucket: Bucket, key: str, version_id: str | None = None) -> bool:
        """Whether another account than the bucket's owns the object, so that its list is asked for the bucket's owner
        too ("How Amazon S3 authorizes a request for an object operation")."""
        if not bucket.configured & HAS_OWNERSHIP or await self._lists.ownership_of(bucket) is Ownership.ENFORCED:
            return False
        version = await self._version(bucket, key, version_id)
        return version is not None and version.record.owner not in ("", bucket.account)

    async def _owns(self, identity: Identity, bucket: Bucket, key: str | None) -> bool:
        """What was written unsigned is everybody's own."""
        account = NOBODY if identity.account is None else identity.account.id
        version = await self._version(bucket, key, None) if key else None
        return version is not None and (version.record.owner or bucket.account) == account

    async def _version(self, bucket: Bucket, key: str, version_id: str | None) -> Version | None:
        if version_id is None:
            return await self._metadata.fetch(Current(bucket.id, key))
        return await self._metadata.fetch(WithVersionId(bucket.id, key, version_id))

    async def _canonical_id(self, account: str) -> str:
        if account == NOBODY:
            return NOBODY_ID
        found = await self._metadata.fetch(AccountWithId(account))
        return canonical_id_of(account) if found is None else found.canonical_id


def without_public(acl: Acl) -> Acl:
    """The list without what it grants to everybody."""
    return replace(acl, grants=tuple(grant for grant in acl.grants if grant.grantee not in PUBLIC))
