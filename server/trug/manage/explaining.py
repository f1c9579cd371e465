"""``trug explain``: what the authority would decide of a request, and everything that it looked at."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from trug.access.actions import Action
from trug.access.authority import Ask, Authority
from trug.access.evaluate import Considered, Mismatch, Question, Values
from trug.access.explaining import Explanation, explain, explain_on
from trug.access.policy import PolicyError, PolicyKind, parse_policy
from trug.access.resources import ARN, RESOURCES, Level
from trug.domain.identity import ANONYMOUS, Account, Identity, Session
from trug.iam.grants import StoredGrants
from trug.iam.people import People
from trug.iam.refusals import IamError
from trug.operations.context import Context
from trug.ports.reads import BucketNamed
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore
from trug.wire.request import Headers, Target, WireRequest

PRINCIPAL = re.compile(
    r"arn:aws:(?:iam|sts)::([^:/]+):(root|user/(?:[!-~]*/)?([\w+=,.@-]+)|role/(?:[!-~]*/)?([\w+=,.@-]+)"
    r"|assumed-role/([\w+=,.@-]+)/([\w+=,.@-]+))",
    re.ASCII,
)
NOBODY = ("anonymous", "*")
SESSION_NAME = "explain"
AN_HOUR = 3600 * 1_000_000

OF_PRINCIPALS = (
    "aws:currenttime",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:principal",
    "aws:sourceidentity",
    "aws:tokenissuetime",
    "aws:userid",
    "aws:username",
    "s3:resourceaccount",
)
"""What the keys begin with that are known without a request; all others are as ``context`` says, or absent."""


class NoBody:
    """A request that has none."""

    length = 0

    async def read(self) -> bytes:
        return b""

    async def readinto(self, buffer: memoryview) -> int:
        return 0


async def explain_access(people: People, given: Mapping[str, str]) -> dict[str, Any]:
    """Why ``as`` (an ARN, ``anonymous``) may or may not do ``action`` on ``resource``.

    ``context`` is a JSON object of condition keys to their values, ``session_policy`` a document that the session was
    given, ``version_id`` the version that is meant. IamError for who is not there, ValueError for what means nothing.
    """
    metadata = people.metadata
    identity = await principal_of(people, given["as"], given.get("session_policy", ""))
    authority = Authority(metadata, StoredGrants(metadata))
    told = context_of(given.get("context", ""))
    action, resource = action_named(given["action"]), given["resource"]
    if action not in RESOURCES:
        values = values_of(identity, Action(action), None, told)
        found = await explain_on(authority, Question(identity, action, resource, values))
        return shown(found, identity)
    name, key = place_of(resource, action)
    bucket = await bucket_named(metadata, name)
    version_id = given.get("version_id")
    if version_id is not None:
        told = {"s3:versionid": (version_id,), **told}
    values = values_of(identity, action, bucket, told)
    found = await explain(authority, Ask(identity, action, values, bucket, key, version_id, name))
    answer = shown(found, identity)
    if name and bucket is None and action != "s3:CreateBucket":
        answer["explanation"]["notes"].append(f"there is no bucket {name}: everybody is told so")
    return answer


# --- what is asked ---


async def principal_of(people: People, arn: str, session_policy: str) -> Identity:
    """Who is meant. A role stands for a session of it, a user or root with a session policy for the federated user that
    he could ask for ("GetFederationToken"). IamError, ValueError."""
    if arn in NOBODY:
        return ANONYMOUS
    found = PRINCIPAL.fullmatch(arn)
    if found is None:
        raise ValueError(f"{arn} is no ARN of a root, a user, a role or an assumed role, and not anonymous")
    account = await people.find_account(found[1])
    if account is None:
        raise IamError(f"there is no account {found[1]}")
    role = found[4] or found[5]
    if role:
        return await role_of(people, account, role, session_of(found[6] or SESSION_NAME, session_policy))
    user = await people.users.find(account.id, found[3]) if found[3] else None
    if found[3] and user is None:
        raise IamError(f"there is no user {found[3]} in account {account.id}")
    if session_policy:
        return Identity(account, session=session_of(SESSION_NAME, session_policy, sponsor=found[3] or ""))
    if user is None:
        return Identity(account)
    return Identity(account, user=user.name, path=user.path, id=user.id, tags=user.tags)


async def role_of(people: People, account: Account, name: str, session: Session) -> Identity:
    role = await people.roles.find(account.id, name)
    if role is None:
        raise IamError(f"there is no role {name} in account {account.id}")
    return Identity(account, role=role.name, path=role.path, id=role.id, tags=role.tags, session=session)


def session_of(name: str, policy: str, *, sponsor: str = "") -> Session:
    """What temporary credentials carry. ValueError for a policy that is none."""
    if policy:
        try:
            parse_policy(policy, PolicyKind.SESSION)
        except PolicyError as error:
            raise ValueError(f"the session policy: {error}") from error
    now = time.time_ns() // 1000
    return Session(now, now + AN_HOUR, name=name, policies=(policy,) if policy else (), sponsor=sponsor)


def action_named(text: str) -> Action:
    """An action of S3 in whatever case, ``s3:`` before it or not; as it is where it is another service's. ValueError
    for one of S3's that there is not."""
    service, colon, _ = text.partition(":")
    if colon and service.lower() not in ("s3", "s3express"):
        return Action(text)
    wanted = text.lower() if colon else f"s3:{text.lower()}"
    for action in RESOURCES:
        if action.lower() == wanted:
            return action
    raise ValueError(f"S3 has no action {text}")


def place_of(resource: str, action: Action) -> tuple[str, str | None]:
    """The bucket and the key that are meant. ValueError where the action needs a key."""
    name, slash, key = resource.removeprefix(ARN).partition("/")
    level = RESOURCES[action].level
    if level is Level.ACCOUNT:
        return "", None
    if level is Level.BUCKET:
        return name, None
    if not slash or not key:
        raise ValueError(f"{action} is allowed on objects: name one as {ARN}{name or 'bucket'}/key")
    return name, key


async def bucket_named(metadata: MetadataStore, name: str) -> Bucket | None:
    return await metadata.fetch(BucketNamed(name)) if name else None


def context_of(text: str) -> dict[str, tuple[str, ...]]:
    """The values of condition keys, by key in lower case. ValueError for what is no object of texts and lists."""
    told = json.loads(text) if text else {}
    if not isinstance(told, dict):
        raise ValueError("the context is a JSON object")
    return {
        key.lower(): tuple(map(str, values)) if isinstance(values, list) else (str(values),)
        for key, values in told.items()
    }


def values_of(identity: Identity, action: Action, bucket: Bucket | None, told: Mapping[str, tuple[str, ...]]) -> Values:
    """What is known of who asks, and what ``told`` says of the request."""
    now = time.time_ns() // 1000
    wire = WireRequest(
        method="GET",
        target=Target(None, None, "/"),
        query=(),
        raw_query="",
        headers=Headers(()),
        raw_body=NoBody(),
        scheme="https",
        client="",
        received=now,
        request_id="",
    )
    context = Context(wire, identity, action, bucket)

    def values(key: str) -> tuple[str, ...] | None:
        if key in told:
            return told[key]
        return context(key) if key.startswith(OF_PRINCIPALS) or not key.startswith(("aws:", "s3:")) else None

    return values


# --- what is answered ---


def shown(found: Explanation, identity: Identity) -> dict[str, Any]:
    question = found.question
    return {
        "explanation": {
            "principal": "anonymous" if identity.is_anonymous else identity.arn,
            "action": question.action,
            "resource": question.resource,
            "allowed": found.allowed,
            "reason": found.reason,
            "statements": [shown_statement(each, found, question) for each in found.statements],
            "absent": list(found.absent),
            "notes": list(found.notes),
        }
    }


def shown_statement(each: Considered, found: Explanation, question: Question) -> dict[str, Any]:
    """A statement by its policy and place (from 1), whether it fits, and what does not."""
    statement = each.statement
    answer: dict[str, Any] = {
        "policy": each.policy.kind.value,
        "name": each.policy.name or each.policy.id,
        "statement": statement.index + 1,
        "sid": statement.sid,
        "effect": statement.effect.value,
        "applies": each.mismatch is None,
        "decides": statement is found.decisive,
        "mismatch": "" if each.mismatch is None else each.mismatch.value,
    }
    if each.mismatch is Mismatch.CONDITION and each.condition is not None:
        condition = each.condition
        values = question.values(condition.key)
        answer["condition"] = {
            "operator": condition.operator,
            "key": condition.key,
            "wanted": list(condition.operands),
            "found": None if values is None else list(values),
        }
    return answer
