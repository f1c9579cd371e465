"""What a handler is given besides its request model."""

from __future__ import annotations

from trug.access.actions import Action
from trug.access.authority import Ask, Authority, is_plain_owner
from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity
from trug.domain.objects import Judged
from trug.engine.engine import Engine
from trug.operations.context import NOTHING_TOLD, Context, Told
from trug.operations.noting import Notebook
from trug.ports.body import Body
from trug.ports.rows import Bucket
from trug.wire.request import Headers, WireRequest


@frozen
class Call:
    """One authenticated, authorised call: who, on which bucket, with which body.

    ``bucket`` is the existing bucket that the path names; rows whose operation has none in its path, and CreateBucket,
    must not ask for it. ``notebook`` keeps what access logs are to tell beside the request itself. ``fields`` are those
    of a form, which stand in place of headers.
    """

    engine: Engine
    identity: Identity
    wire: WireRequest
    body: Body
    regions: tuple[str, ...]
    authority: Authority
    found: Bucket | None = None
    notebook: Notebook | None = None
    fields: Headers | None = None

    @property
    def bucket(self) -> Bucket:
        assert self.found is not None  # noqa: S101 - the gateway answers NoSuchBucket before any handler runs
        return self.found

    @property
    def account(self) -> Account:
        """The account that asks, of operations that nobody may do unsigned: those on no bucket that exists."""
        assert self.identity.account is not None  # noqa: S101 - no policy and no ACL lets anybody else do these
        return self.identity.account

    def is_plain_owner_of(self, bucket: Bucket) -> bool:
        """Whether nobody need be asked, whatever is to be done there."""
        return is_plain_owner(self.identity, bucket)

    async def authorise(
        self,
        action: Action,
        bucket: Bucket | None,
        key: str | None = None,
        *,
        version_id: str | None = None,
        name: str = "",
        told: Told = NOTHING_TOLD,
        writer: str | None = None,
    ) -> None:
        """AccessDenied for who may not do this too; the gateway has asked for the operation's own action.

        ``name`` is that of a bucket that is to be made; ``told`` are condition keys that only a document says;
        ``writer`` is the account that writes the object in question, where it is not the one that is there.
        """
        if bucket is None or not is_plain_owner(self.identity, bucket):
            await self.authority.authorise(self._ask(action, bucket, key, version_id, name, told, writer))

    async def may(
        self,
        action: Action,
        bucket: Bucket,
        key: str | None = None,
        *,
        version_id: str | None = None,
        told: Told = NOTHING_TOLD,
    ) -> bool:
        """Whether the caller may do this too."""
        if is_plain_owner(self.identity, bucket):
            return True
        return await self.authority.find_refusal(self._ask(action, bucket, key, version_id, "", told)) is None

    async def judged(
        self, actions: tuple[Action, Action], key: str, version_id: str | None, *, told: Told = NOTHING_TOLD
    ) -> Judged | None:
        """What a change of the version that is there must find as it was judged by; None where nothing of it had a say.

        ``actions`` are what is asked for the newest version, and for one by its id. AccessDenied.
        """
        if is_plain_owner(self.identity, self.bucket):
            return None
        action = actions[version_id is not None]
        return await self.authority.judged(self._ask(action, self.bucket, key, version_id, "", told))

    def _ask(
        self,
        action: Action,
        bucket: Bucket | None,
        key: str | None,
        version_id: str | None,
        name: str,
        told: Told,
        writer: str | None = None,
    ) -> Ask:
        version = None if version_id is None else (version_id,)
        context = Context(
            self.wire, self.identity, action, bucket, headers=self.fields, told={"s3:versionid": version, **told}
        )
        return Ask(self.identity, action, context, bucket, key, version_id, name, writer)
