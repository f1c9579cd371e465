"""Why, and why not: a decision of the authority with everything that was looked at."""

from __future__ import annotations

from trug.access.authority import ALWAYS, Ask, Authority, is_of_account, is_plain_owner
from trug.access.evaluate import Considered, Decision, Question, Sources, considered, decide, reason_of
from trug.access.statements import Statement
from trug.domain.acl import Acl
from trug.domain.frozen import frozen
from trug.domain.identity import Identity
from trug.domain.public_access import NOTHING_BLOCKED, SETTINGS, settings_of
from trug.ports.rows import Bucket


@frozen
class Explanation:
    """Whether it is allowed, why in a few words, the statement that decided, every statement that was looked at, what
    else had a say, and the condition keys that were asked for and had no value."""

    question: Question
    allowed: bool
    reason: str
    decisive: Statement | None = None
    statements: tuple[Considered, ...] = ()
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


NAMED = frozenset(
    {"s3:existingobjecttag", "s3:requestobjecttag", "aws:principaltag", "aws:requesttag", "aws:resourcetag"}
)
"""Keys of tags, of which the policies' needs do not tell which."""


async def explain(authority: Authority, ask: Ask) -> Explanation:
    """The decision that a request would meet, and what it rests on."""
    allowed = await authority.find_refusal(ask) is None
    if ask.bucket is None:
        return _explained(ask.question, await _own(authority, ask.identity), allowed=allowed)
    return await _on_bucket(authority, ask, ask.bucket, allowed=allowed)


async def explain_on(authority: Authority, question: Question) -> Explanation:
    """The same for a thing of another service, in the account of who asks."""
    sources = await _own(authority, question.identity)
    return _explained(question, sources, allowed=decide(question, sources).allowed)


async def _own(authority: Authority, identity: Identity) -> Sources:
    return authority.own_sources(identity, await authority.grants_of(identity))


async def _on_bucket(authority: Authority, ask: Ask, bucket: Bucket, *, allowed: bool) -> Explanation:
    identity = ask.identity
    is_own = is_of_account(identity, bucket.account)
    case = await authority.case_of(ask, bucket)
    sources = authority.sources_of(case, is_same_account=is_own)
    notes = [f"the bucket is of account {bucket.account}" + ("" if is_own else ", which is not the caller's")]
    if is_plain_owner(identity, bucket):
        notes.append("the root of that account may do everything: no policy of the bucket speaks against it")
    elif ask.action in ALWAYS and identity.is_root and is_own:
        notes.append("no policy takes this action from the root of that account")
    if sources.resource is None:
        notes.append("the bucket has no policy")
    notes += await _block_notes(authority, bucket, is_public=case.is_public, is_own=is_own)
    if case.is_foreign:
        notes.append(f"the object is of account {case.owner}: its policies and the object's ACL decide")
    notes += await _list_notes(authority, ask, bucket)
    return _explained(case.question, sources, allowed=allowed, notes=notes)


async def _block_notes(authority: Authority, bucket: Bucket, *, is_public: bool, is_own: bool) -> list[str]:
    block = await authority.block_of(bucket)
    notes = ["the bucket's policy is public"] if is_public else []
    if block != NOTHING_BLOCKED:
        settings = [name for name, is_set in zip(SETTINGS, settings_of(block), strict=True) if is_set]
        notes.append(f"public access is blocked: {', '.join(settings)}")
    if is_public and not is_own and block.restrict_buckets:
        notes.append("RestrictPublicBuckets keeps everybody of other accounts out of a bucket with a public policy")
    return notes


async def _list_notes(authority: Authority, ask: Ask, bucket: Bucket) -> list[str]:
    permission, acl = await authority.listed.asked(ask.action, bucket, ask.key, ask.version_id)
    if permission is None:
        return ["ACLs have no say in this"]
    if acl is None:
        return [f"an ACL could grant {permission}; there is none but the private one"]
    return [f"an ACL could grant {permission}; there is: {_grants_of(acl)}"]


def _grants_of(acl: Acl) -> str:
    return ", ".join(f"{grant.permission} to {grant.grantee.id}" for grant in acl.grants) or "no grant"


def _explained(question: Question, sources: Sources, *, allowed: bool, notes: list[str] | None = None) -> Explanation:
    decision, looked_at = decide(question, sources), considered(question, sources)
    needs = {key for each in looked_at if each.statement.speaks_of(question.action) for key in each.statement.needs}
    return Explanation(
        question,
        allowed,
        _reason(decision, question, allowed=allowed),
        decision.verdict.statement if decision.allowed is allowed else None,
        looked_at,
        tuple(notes or ()),
        tuple(sorted(key for key in needs - NAMED if question.values(key) is None)),
    )


def _reason(decision: Decision, question: Question, *, allowed: bool) -> str:
    """In AWS's words where it is refused by policies."""
    if not allowed:
        return reason_of(decision, question.action) if not decision.allowed else "because of what is noted below"
    if not decision.allowed:
        return "because an ACL or the object's owner allows it"
    if decision.verdict.policy is None or decision.by is None:
        return "because nothing speaks against the root of the account"
    return f"because a statement in {_article(decision)} {decision.by.value} allows it"


def _article(decision: Decision) -> str:
    return "an" if decision.by is not None and decision.by.value[0] in "aeiou" else "a"
