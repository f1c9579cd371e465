"""May they: the one place that allows or refuses a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from trug.access import actions as a
from trug.access.actions import Action
from trug.access.binding import Ids, bound, ids_of
from trug.access.evaluate import Decision, Effect, Question, Sources, Values, decide, reason_of
from trug.access.grants import NO_GRANTS, Grants, GrantSource
from trug.access.lists import ON_OBJECTS, ListedAccess
from trug.access.plans import Plan, Plans, plan_of
from trug.access.policy import Policy, PolicyError, PolicyKind, parse_policy
from trug.access.publicity import is_public
from trug.access.resources import RESOURCES, TAGS_THERE, arn_of
from trug.domain.acl import NOBODY, Ownership, Permission
from trug.domain.bounded import Bounded
from trug.domain.configurations import (
    HAS_OWNERSHIP,
    HAS_POLICY,
    HAS_PUBLIC_ACCESS_BLOCK,
    POLICY,
    PRINCIPALS,
    PUBLIC_ACCESS_BLOCK,
    flag_of,
)
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.identity import ANONYMOUS, Identity
from trug.domain.objects import EMPTY_RECORD, Judged, judged_of
from trug.domain.public_access import ACCOUNT_KIND, NOTHING_BLOCKED, PublicAccessBlock, block_of
from trug.domain.tags import as_policies_see
from trug.ports.access_lists import AccessLists
from trug.ports.reads import BucketWithId, Configuration, Current, Document, UploadWithId, WithVersionId
from trug.ports.remembered import Remembered
from trug.ports.rows import Bucket, Version
from trug.ports.stores import Damaged, MetadataStore, Reader

GUARDED = HAS_POLICY | HAS_OWNERSHIP
"""What a bucket must have for anything but the policies of its account's identities to count: without ownership
controls lists of access do not, and a public access block only takes away what a policy or a list gives."""

ALWAYS = frozenset({a.GET_BUCKET_POLICY, a.PUT_BUCKET_POLICY, a.DELETE_BUCKET_POLICY})
"""What the root of a bucket's account may do whatever its policy says ("PutBucketPolicy")."""

OF_ITS_OWNER = frozenset(
    {
        *ON_OBJECTS,
        a.GET_OBJECT_ATTRIBUTES,
        a.GET_OBJECT_VERSION_ATTRIBUTES,
        a.GET_OBJECT_TAGGING,
        a.GET_OBJECT_VERSION_TAGGING,
        a.PUT_OBJECT_TAGGING,
        a.PUT_OBJECT_VERSION_TAGGING,
        a.DELETE_OBJECT_TAGGING,
        a.DELETE_OBJECT_VERSION_TAGGING,
        a.GET_OBJECT_ANNOTATION,
        a.LIST_OBJECT_ANNOTATIONS,
        a.PUT_OBJECT_ANNOTATION,
        a.DELETE_OBJECT_ANNOTATION,
        a.GET_OBJECT_VERSION_ANNOTATION,
        a.LIST_OBJECT_VERSION_ANNOTATIONS,
        a.PUT_OBJECT_VERSION_ANNOTATION,
        a.DELETE_OBJECT_VERSION_ANNOTATION,
    }
)
"""What the owner of an object lets others do to it; to delete, lock or restore it is up to the bucket's owner."""

OF_ITS_INITIATOR = frozenset({a.ABORT_MULTIPART_UPLOAD, a.LIST_MULTIPART_UPLOAD_PARTS})
"""What whoever began a multipart upload may do to it, though nobody lets him any more."""

MOST_SESSION_POLICIES = 1024


@frozen
class Ask:
    """Whether an identity may do an action on ``bucket`` and ``key``, or on the bucket that is to be called ``name``.

    ``values`` answers for the request. ``writer`` is the account that writes the object that ``key`` will be, None
    where the one is meant that is there. ``upload_id`` is the multipart upload that the action is about.
    """

    identity: Identity
    action: Action
    values: Values
    bucket: Bucket | None = None
    key: str | None = None
    version_id: str | None = None
    name: str = ""
    writer: str | None = None
    upload_id: str | None = None

    @property
    def question(self) -> Question:
        name = self.name if self.bucket is None else self.bucket.name
        return Question(self.identity, self.action, arn_of(self.action, name, self.key), self.values)


@frozen
class Case:
    """All that is known of a question about a bucket. ``owner`` is the account of the object, empty where that is the
    bucket's, or does not matter; ``is_new`` when it is only being written, ``is_absent`` when it is not there;
    ``judged`` is what was seen of it, where that has a say."""

    question: Question
    bucket: Bucket
    key: str | None
    version_id: str | None
    grants: Grants
    session: tuple[Policy, ...]
    policy: Policy | None
    is_public: bool
    counts_lists: bool
    owner: str
    is_new: bool = False
    is_absent: bool = False
    judged: Judged | None = None

    @property
    def is_foreign(self) -> bool:
        return bool(self.owner)


@frozen
class BucketPolicy:
    """A bucket's policy, compiled."""

    policy: Policy
    is_public: bool
    asks_for_tags: bool


def is_plain_owner(identity: Identity, bucket: Bucket) -> bool:
    """Whether this is the root of the bucket's account, and nothing speaks against it: the way of most requests."""
    account = identity.account
    return (
        account is not None
        and account.id == bucket.account
        and not bucket.configured & GUARDED
        and not identity.user
        and not identity.role
        and (identity.session is None or identity.is_root)
    )


def is_of_account(identity: Identity, account: str) -> bool:
    return identity.account is not None and identity.account.id == account


class Authority:
    """Decides by all policies, lists of access and public access blocks there are, in AWS's order.

    That is: an explicit Deny anywhere; the root of the owning account; session policies, boundary and policies of the
    identity; the bucket's policy, as far as public access blocks let it count; at last lists of access, as far as the
    bucket's ownership controls and the blocks let these ("Policy evaluation logic" in the IAM User Guide, "How Amazon
    S3 authorizes a request"). ``grants`` knows the policies of identities.

    What is compiled is kept until anything that processes cache has changed, in whatever process.
    """

    def __init__(self, metadata: MetadataStore, grants: GrantSource) -> None:
        self._metadata = metadata
        self._grants = grants
        self._lists = AccessLists(metadata)
        self.listed = ListedAccess(metadata, self._lists)
        self._policies: Remembered[int, BucketPolicy] = Remembered(metadata, self._read_policy)
        self._bucket_blocks: Remembered[int, PublicAccessBlock] = Remembered(metadata, self._read_bucket_block)
        self._account_blocks: Remembered[str, PublicAccessBlock] = Remembered(metadata, self._read_account_block)
        self._sessions: Bounded[str, Policy] = Bounded(MOST_SESSION_POLICIES)
        self._plans = Plans(metadata)

    async def authorise(self, ask: Ask) -> None:
        """AccessDenied for who may not."""
        if ask.bucket is not None and ask.writer is None:
            plan = self._plans.known(ask.identity, ask.action, ask.bucket) or self._planned(ask, ask.bucket)
            if plan is not None and plan.allows(ask.key, ask.values):
                return
        refusal = await self.find_refusal(ask)
        if refusal is not None:
            raise refusal

    def allows_at_hand(
        self, identity: Identity, action: Action, bucket: Bucket, key: str | None, values: Values
    ) -> bool:
        """Whether a plan that is at hand allows it, so that nothing else need be asked. Where this is False, nothing is
        said."""
        plan = self._plans.known(identity, action, bucket)
        return plan is not None and plan.allows(key, values)

    def _planned(self, ask: Ask, bucket: Bucket) -> Plan | None:
        """A plan for the asker, kept for what he asks next. None where something is not at hand that has a say, and
        where more than policies has one: lists of access, tags of objects, a block of what is public."""
        generation, identity = self._metadata.generation, ask.identity
        if not self._plans.wants(identity, ask.action, bucket):
            return None
        grants = NO_GRANTS if identity.account is None else self._grants.known(identity)
        held = self._policies.known(bucket.id) if bucket.configured & HAS_POLICY else None
        if grants is None or (held is None and bucket.configured & HAS_POLICY) or bucket.configured & HAS_OWNERSHIP:
            return None
        session = self._session_policies(identity, grants)
        if asks_for_tags(ask.action, grants, session, held):
            return None
        is_own = is_of_account(identity, bucket.account)
        if not is_own and (held is None or (held.is_public and self._may_restrict(bucket))):
            return None
        policy = None if held is None else held.policy
        sources = Sources(grants.policies, grants.boundary, session, policy, is_own)
        plan = plan_of(identity, ask.action, bucket, sources)
        self._plans.keep(generation, ask.action, plan)
        return plan

    async def authorise_on(
        self, identity: Identity, action: str, resource: str, values: Values, *, is_own: bool = False
    ) -> None:
        """AccessDenied for who may not do an action of any service to what its own account has, by its ARN.

        With what ``is_own`` the caller may do it unless a statement denies it, or boundary or session leave it out."""
        question = Question(identity, action, resource, values)
        decision = decide(question, self.own_sources(identity, await self.grants_of(identity)))
        if decision.allowed or (is_own and decision.by is PolicyKind.IDENTITY and not is_denied(decision)):
            return
        raise explained(question, decision)

    async def find_refusal(self, ask: Ask) -> S3Error | None:
        """AccessDenied, not raised, for who may not; of an object that is not there, that it is not, where its list
        would decide and the bucket's lets it be told."""
        identity, bucket = ask.identity, ask.bucket
        if bucket is None:
            decision = decide(ask.question, self.own_sources(identity, await self.grants_of(identity)))
            return None if decision.allowed else explained(ask.question, decision)
        if is_plain_owner(identity, bucket):
            return None
        if ask.action in ALWAYS and identity.is_root and is_of_account(identity, bucket.account):
            return None
        return await self._refusal_on(ask, bucket)

    async def judged(self, ask: Ask) -> Judged | None:
        """What was seen of the version that is there, where that has a say in whether he may change it; None where it
        has none. AccessDenied for who may not. The change holds it against the row inside of its commit."""
        if ask.bucket is None or is_plain_owner(ask.identity, ask.bucket):
            return None
        case = await self.case_of(ask, ask.bucket)
        if case.judged is None:
            return None
        refusal = await self._refusal_of(ask, case)
        if refusal is not None:
            raise refusal
        return case.judged

    async def find_stranger(self, policy: Policy) -> str:
        """The first whom a policy names and who is not there; empty where all are."""
        return await self._grants.find_stranger(policy)

    async def ids_of(self, names: Iterable[str]) -> Ids:
        """The unique ids of the users and roles among these ARNs that are there."""
        return await self._grants.ids_of(names)

    # --- on a bucket, by somebody else than its plain owner ---

    async def _refusal_on(self, ask: Ask, bucket: Bucket) -> S3Error | None:
        is_own = is_of_account(ask.identity, bucket.account)
        if not is_own and not bucket.configured & GUARDED:
            return None if await self._has_begun(ask, bucket) else S3Error(ErrorCode.AccessDenied)
        return await self._refusal_of(ask, await self.case_of(ask, bucket))

    async def _refusal_of(self, ask: Ask, case: Case) -> S3Error | None:
        bucket = case.bucket
        is_own = is_of_account(ask.identity, bucket.account)
        if not is_own and case.is_public and (await self.block_of(bucket)).restrict_buckets:
            return S3Error(ErrorCode.AccessDenied)
        decision = decide(case.question, self.sources_of(case, is_same_account=is_own))
        if case.is_foreign and not is_denied(decision):
            return None if await self._is_let_by_owner(case) else S3Error(ErrorCode.AccessDenied)
        if decision.allowed or (not is_denied(decision) and await self._is_listed(case)):
            return None
        if case.is_absent and not is_denied(decision) and await self._is_listed(of_list(case)):
            return absent(case)
        if not is_denied(decision) and await self._has_begun(ask, bucket):
            return None
        return explained(case.question, decision) if is_own else S3Error(ErrorCode.AccessDenied)

    async def case_of(self, ask: Ask, bucket: Bucket) -> Case:
        """All that has a say in a question about a bucket."""
        held = await self._policy_of(bucket)
        grants = await self.grants_of(ask.identity)
        session = self._session_policies(ask.identity, grants)
        ownership = await self._lists.ownership_of(bucket)
        has_owner = ownership is not Ownership.ENFORCED and ask.action in OF_ITS_OWNER
        question, owner, is_absent, judged = ask.question, "", False, None
        if ask.key is not None and (has_owner or asks_for_tags(ask.action, grants, session, held)):
            version = await self._version(bucket, ask)
            is_absent = version is None and ask.action in ON_OBJECTS
            judged = judged_of(EMPTY_RECORD if version is None else version.record)
            if version is not None:
                question = replace(question, values=with_tags(ask.values, version.record.tags, ask.action))
                owner = version.record.owner if has_owner else ""
        if ask.writer is not None:
            owner = ask.writer
        return Case(
            question,
            bucket,
            ask.key,
            ask.version_id,
            grants,
            session,
            None if held is None else held.policy,
            is_public=held is not None and held.is_public,
            counts_lists=ownership is not Ownership.ENFORCED,
            owner="" if owner == bucket.account else owner,
            is_new=ask.writer is not None,
            is_absent=is_absent,
            judged=judged,
        )

    async def _has_begun(self, ask: Ask, bucket: Bucket) -> bool:
        """Whether the caller, or a user of the account whose root he is, initiated the upload: then he may list its
        parts and abort it ("Multipart upload API and permissions")."""
        identity = ask.identity
        if ask.action not in OF_ITS_INITIATOR or ask.upload_id is None or identity.account is None:
            return False
        upload = await self._metadata.fetch(UploadWithId(ask.upload_id))
        if upload is None or (upload.bucket, upload.key) != (bucket.id, ask.key):
            return False
        if is_limited(identity, await self.grants_of(identity)):
            return False
        account = upload.initiator.split(":")[4:5]
        return upload.initiator == identity.arn or (identity.is_root and account == [identity.account.id])

    async def _is_let_by_owner(self, case: Case) -> bool:
        """Of what another account than the bucket's owns: its policies and its list, and no policy of the bucket. What
        was written unsigned everybody may read, as who owns it."""
        if case.question.identity.is_anonymous and case.owner == NOBODY:
            reads = ON_OBJECTS.get(Action(case.question.action)) is Permission.READ
            return case.is_new or (reads and not (await self.block_of(case.bucket)).ignore_acls)
        if is_of_account(case.question.identity, case.owner):
            return decide(case.question, self.own_sources(case.question.identity, case.grants)).allowed
        return await self._is_listed(case)

    async def _is_listed(self, case: Case) -> bool:
        """Whether a list of access lets the caller, and the policies of his own account let him go there.

        What an account may, its users may when its policies say so; what everybody may, they may too.
        """
        if not case.counts_lists:
            return False
        identity = case.question.identity
        who = identity
        if is_of_account(identity, case.bucket.account) and not (identity.is_root and case.is_foreign):
            who = ANONYMOUS
        is_permitted = await self.listed.permits(
            who,
            Action(case.question.action),
            case.bucket,
            case.key,
            case.version_id,
            ignores_public=(await self.block_of(case.bucket)).ignore_acls,
        )
        if not is_permitted or who.is_anonymous:
            return is_permitted and not is_limited(identity, case.grants)
        return decide(case.question, self.own_sources(identity, case.grants)).allowed

    def sources_of(self, case: Case, *, is_same_account: bool) -> Sources:
        """The policies that have a say."""
        grants = case.grants
        return Sources(grants.policies, grants.boundary, case.session, case.policy, is_same_account)

    def own_sources(self, identity: Identity, grants: Grants) -> Sources:
        """An identity's own policies, and no resource's."""
        return Sources(grants.policies, grants.boundary, self._session_policies(identity, grants))

    def _session_policies(self, identity: Identity, grants: Grants) -> tuple[Policy, ...]:
        session = identity.session
        if session is None or not session.policies:
            return grants.session
        return (*grants.session, *map(self._session_policy, session.policies))

    def _session_policy(self, text: str) -> Policy:
        policy = self._sessions.get(text)
        if policy is None:
            policy = parse_policy(text, PolicyKind.SESSION)
            self._sessions.keep(text, policy)
        return policy

    # --- what is read, and kept ---

    async def grants_of(self, identity: Identity) -> Grants:
        """What somebody's own policies come to."""
        if identity.account is None:
            return NO_GRANTS
        return self._grants.known(identity) or await self._grants.find(identity)

    async def _policy_of(self, bucket: Bucket) -> BucketPolicy | None:
        if not bucket.configured & HAS_POLICY:
            return None
        return self._policies.known(bucket.id) or await self._policies.find(bucket.id)

    async def _read_policy(self, bucket: int) -> BucketPolicy | None:
        """Damaged for a document that is no policy: then nobody may, but the root who may always replace it."""
        document, principals = await self._metadata.view(partial(policy_of, bucket))
        if document is None:
            return None
        try:
            policy = bound(parse_policy(document, PolicyKind.BUCKET), ids_of(principals))
        except (PolicyError, ValueError) as error:
            raise Damaged(f"the policy of bucket {bucket} cannot be read") from error
        return BucketPolicy(policy, is_public(policy), TAGS_NEEDED in policy.needs)

    async def block_of(self, bucket: Bucket) -> PublicAccessBlock:
        """What is blocked by the bucket's own configuration and by its account's."""
        of_account = await self.block_of_account(bucket.account)
        if not bucket.configured & HAS_PUBLIC_ACCESS_BLOCK:
            return of_account
        return of_account.joined(await self._bucket_blocks.find(bucket.id) or NOTHING_BLOCKED)

    async def block_of_account(self, account: str) -> PublicAccessBlock:
        return await self._account_blocks.find(account) or NOTHING_BLOCKED

    def _may_restrict(self, bucket: Bucket) -> bool:
        """Whether a block keeps others than the account out of a bucket that is public, as far as is at hand."""
        blocks = [self._account_blocks.known(bucket.account)]
        if bucket.configured & HAS_PUBLIC_ACCESS_BLOCK:
            blocks.append(self._bucket_blocks.known(bucket.id))
        return any(block is None or block.restrict_buckets for block in blocks)

    async def _read_bucket_block(self, bucket: int) -> PublicAccessBlock:
        return block_of(await self._metadata.view(partial(document_of, bucket, PUBLIC_ACCESS_BLOCK)))

    async def _read_account_block(self, account: str) -> PublicAccessBlock:
        return block_of(await self._metadata.fetch(Document(ACCOUNT_KIND, account)))

    async def _version(self, bucket: Bucket, ask: Ask) -> Version | None:
        key = ask.key or ""
        if ask.version_id is None:
            return await self._metadata.fetch(Current(bucket.id, key))
        return await self._metadata.fetch(WithVersionId(bucket.id, key, ask.version_id))


def document_of(bucket: int, kind: str, reader: Reader) -> bytes | None:
    """A bucket's configuration of a kind. Damaged where its row says that there is one, and there is none: what is lost
    must not let anybody in."""
    document = reader.fetch(Configuration(bucket, kind))
    if document is None:
        row = reader.fetch(BucketWithId(bucket))
        if row is not None and row.configured & flag_of(kind):
            raise Damaged(f"bucket {bucket} has lost its configuration {kind}")
    return document


def policy_of(bucket: int, reader: Reader) -> tuple[bytes | None, bytes | None]:
    """A bucket's policy, and whose the ARNs in it were. Errors as of ``document_of``."""
    return document_of(bucket, POLICY, reader), reader.fetch(Configuration(bucket, PRINCIPALS))


# --- policies that ask for an object's tags -------------------------------------------------------------------------

TAGS_NEEDED = TAGS_THERE.rstrip("/")


def asks_for_tags(action: Action, grants: Grants, session: tuple[Policy, ...], held: BucketPolicy | None) -> bool:
    """Whether the tags of the object that is there must be known to decide."""
    if TAGS_THERE not in RESOURCES[action].keys:
        return False
    if held is not None and held.asks_for_tags:
        return True
    limits = () if grants.boundary is None else (grants.boundary,)
    for policy in (*grants.policies, *session, *limits):  # noqa: SIM110 - a generator costs more than the tests
        if TAGS_NEEDED in policy.needs:
            return True
    return False


def with_tags(values: Values, tags: Mapping[str, str], action: Action) -> Values:
    """The request's values, and the tags of the object that is there, where the action has these."""
    if TAGS_THERE not in RESOURCES[action].keys:
        return values
    by_key = {TAGS_THERE + name: (value,) for name, value in as_policies_see(tags).items()}
    return lambda key: by_key.get(key) if key.startswith(TAGS_THERE) else values(key)


def is_limited(identity: Identity, grants: Grants) -> bool:
    """Whether an identity has less than its account could give it, whoever else lets it."""
    return grants.boundary is not None or bool(grants.session) or bool(identity.session and identity.session.policies)


# --- what is not there ---------------------------------------------------------------------------------------------


def of_list(case: Case) -> Case:
    """The same caller's question whether the bucket may be listed."""
    action = a.LIST_BUCKET
    question = replace(case.question, action=action, resource=arn_of(action, case.bucket.name, None))
    return replace(case, question=question, key=None, version_id=None)


def absent(case: Case) -> S3Error:
    """What lists of access tell those who may list a bucket of an object that is not there: nothing is let, so that
    nothing is read that comes to be in the meantime."""
    if case.version_id is None:
        return S3Error(ErrorCode.NoSuchKey, fields={"Key": case.key or ""})
    return S3Error(ErrorCode.NoSuchVersion, fields={"Key": case.key or "", "VersionId": case.version_id})


# --- what is told ---------------------------------------------------------------------------------------------------


def explained(question: Question, decision: Decision) -> S3Error:
    """AccessDenied, to be raised, as those of the account itself are told ("Troubleshoot access denied errors")."""
    who = f"User: {question.identity.arn} is not authorized to perform: {question.action} on resource: "
    return S3Error(ErrorCode.AccessDenied, f'{who}"{question.resource}" {reason_of(decision, question.action)}')


def is_denied(decision: Decision) -> bool:
    """Whether a statement says no, so that nothing else counts."""
    return decision.verdict.effect is Effect.DENY
