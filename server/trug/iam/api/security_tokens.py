"""STS: temporary credentials, and who somebody is."""

from __future__ import annotations

import re
from typing import NamedTuple

from trug.access.policy import PolicyError, PolicyKind, parse_policy
from trug.domain.frozen import frozen, replace
from trug.domain.identity import DEFAULT_ACCOUNT, Identity, Session
from trug.iam.api.actions import Call, Family, Subject
from trug.iam.api.answers import Structure, moment
from trug.iam.api.context import values_of
from trug.iam.api.parameters import Kind, Parameters
from trug.iam.api.refusals import QueryCode, QueryError
from trug.iam.api.services import STS
from trug.iam.entities import Role, Tags
from trug.iam.limits import check_tags
from trug.iam.managed import PolicyArn
from trug.iam.oidc import Fault, TokenRefused
from trug.iam.sts.federation import Vouched, session_of
from trug.iam.sts.sessions import SECOND, Issued

family = Family(STS)

NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)
ROLE_ARN = Kind(20, 2048)
SESSION_NAME = Kind(2, 64, NAME)
FEDERATED_NAME = Kind(2, 32, NAME)
EXTERNAL_ID = Kind(2, 1224, re.compile(r"[\w+=,.@:/-]*", re.ASCII))
WEB_TOKEN = Kind(4, 20_000)
POLICY = Kind(1, 2048, re.compile(r"[\t\n\r\x20-\xff]+"))
POLICY_ARN = Kind(20, 2048)
TAG_KEY, TAG_VALUE = Kind(1, 128), Kind(0, 256)
KEY_ID = Kind(16, 128, re.compile(r"\w*", re.ASCII))
MESSAGE = Kind(1, 10_240)
ARN_OF_ROLE = re.compile(r"arn:aws:iam::([^:/]+):role(/(?:.*/)?)([^/]+)")

SHORTEST, ORDINARY, HALF_A_DAY, LONGEST = 900, 3600, 43_200, 129_600
"""How long sessions last, in seconds."""
MOST_TAGS, MOST_ARNS = 50, 10
PACKED = 2048
"""Bytes that the policies and tags of a session may take in its token."""
LONGEST_TOKEN = 8192
"""Characters of a whole token, with the claims of a web identity: it has to fit into the header of every request."""

TAGS_CLAIM = "https://aws.amazon.com/tags/principal_tags/"
TRANSITIVE_CLAIM = "https://aws.amazon.com/tags/transitive_tag_keys"
SOURCE_CLAIM = "https://aws.amazon.com/source_identity"

FAULTS = {
    Fault.INVALID: QueryCode.InvalidIdentityToken,
    Fault.EXPIRED: QueryCode.ExpiredTokenException,
    Fault.REJECTED: QueryCode.IDPRejectedClaim,
    Fault.UNREACHABLE: QueryCode.IDPCommunicationError,
}

family.declined(
    "AssumeRoleWithSAML", "tokens of OpenID Connect take its place (AssumeRoleWithWebIdentity).", is_open=True
)
family.declined("AssumeRoot", "there are no organizations whose management account could act for others.")
family.declined("GetDelegatedAccessToken", "there is no delegation of access to products of partners.")
family.declined("GetWebIdentityToken", "this server is no issuer of identity tokens.")


@frozen
class Limits:
    """What narrows a session down: policies as text and by ARN, and what it says of itself."""

    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str = ""

    def told(self, **others: str) -> dict[str, tuple[str, ...]]:
        """The condition keys that a request for a session answers; ``others`` are of STS."""
        told: dict[str, tuple[str, ...]] = {f"aws:requesttag/{key.lower()}": (value,) for key, value in self.tags}
        told |= {f"sts:{name}": (value,) for name, value in others.items() if value}
        if self.tags:
            told["aws:tagkeys"] = tuple(key for key, _ in self.tags)
        if self.transitive:
            told["sts:transitivetagkeys"] = self.transitive
        if self.source_identity:
            told["sts:sourceidentity"] = (self.source_identity,)
        return told

    def session(self, call: Call, seconds: int, name: str) -> Session:
        now = call.tokens.clock.now()
        return Session(
            now,
            now // SECOND * SECOND + seconds * SECOND,
            name,
            self.policies,
            self.policy_arns,
            tags=self.tags,
            source_identity=self.source_identity,
            transitive=self.transitive,
        )

    def permissions(self, action: str) -> list[str]:
        """All actions that somebody must be allowed for such a session."""
        also = {"sts:TagSession": self.tags, "sts:SetSourceIdentity": self.source_identity}
        return [action, *(name for name, asked in also.items() if asked)]


class Named(NamedTuple):
    """A role as a request names it."""

    account: str
    path: str
    name: str


# --- roles ----------------------------------------------------------------------------------------------------------


@family.unguarded("AssumeRole")
async def assume_role(call: Call, _: None) -> Structure:
    parameters, identity = call.parameters, call.identity
    _check_unbuilt(parameters)
    if parameters.find("RoleArn") is None:
        return await _assume_nothing(call)
    arn, name = parameters.text("RoleArn", ROLE_ARN), parameters.text("RoleSessionName", SESSION_NAME)
    limits = _passed_on(read_limits(parameters), identity)
    told = limits.told(externalid=parameters.text("ExternalId", EXTERNAL_ID, default=""), rolesessionname=name)
    seconds = parameters.integer("DurationSeconds", SHORTEST, HALF_A_DAY, ORDINARY)
    if identity.is_root:
        raise QueryError(QueryCode.AccessDenied, "Roles may not be assumed by root accounts.")
    if identity.session is not None and not (identity.role or identity.user):
        raise QueryError(QueryCode.AccessDenied, "Cannot call AssumeRole with federated user credentials")
    role = await _role(call, arn)
    for action in limits.permissions(call.action):
        if role is None or not await call.tokens.trust.lets(
            identity, action, role, values_of(call.wire, identity, told | _tags_of(role))
        ):
            raise QueryError(
                QueryCode.AccessDenied,
                f"User: {identity.arn} is not authorized to perform: {action} on resource: {arn}",
            )
    assert role is not None  # noqa: S101 - the first permission is always asked for
    if identity.role and seconds > ORDINARY:
        raise QueryError(
            QueryCode.ValidationError,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    return await _assumed(call, role, limits.session(call, _within(role, seconds), name))


@family.unguarded("AssumeRoleWithWebIdentity", is_open=True)
async def assume_role_with_web_identity(call: Call, _: None) -> Structure:
    parameters, tokens = call.parameters, call.tokens
    _check_unbuilt(parameters)
    token = parameters.text("WebIdentityToken", WEB_TOKEN)
    if parameters.find("RoleArn") is None:
        return await _claimed(call, token)
    arn, name = parameters.text("RoleArn", ROLE_ARN), parameters.text("RoleSessionName", SESSION_NAME)
    asked = read_limits(parameters)
    seconds = parameters.integer("DurationSeconds", SHORTEST, HALF_A_DAY, ORDINARY)
    named, role = _named_role(arn), await _role(call, arn)
    vouched = await _verified(call, named.account if named else "", token)
    claims = vouched.claims
    limits = _of_claims(asked, vouched)
    told = claims.for_trust | limits.told(rolesessionname=name) | {"aws:federatedprovider": (vouched.provider.arn,)}
    for action in limits.permissions(call.action):
        if role is None or not tokens.trust.lets_vouched(
            vouched.provider, action, role, values_of(call.wire, call.identity, told | _tags_of(role))
        ):
            raise QueryError(QueryCode.AccessDenied, f"Not authorized to perform {action}")
    assert role is not None  # noqa: S101 - the first permission is always asked for
    session = limits.session(call, _within(role, seconds), name)
    session = replace(session, provider=vouched.provider.arn, claims=claims.for_sessions)
    return {**await _assumed(call, role, session), **_of_token(vouched)}


async def _role(call: Call, arn: str) -> Role | None:
    """The role of an ARN, path and all."""
    named = _named_role(arn)
    if named is None:
        return None
    role = await call.people.roles.find(named.account, named.name)
    return role if role is not None and role.arn == arn else None


def _named_role(arn: str) -> Named | None:
    found = ARN_OF_ROLE.fullmatch(arn)
    return None if found is None else Named(found[1], found[2], found[3])


def _within(role: Role, seconds: int) -> int:
    if seconds > role.longest:
        raise QueryError(
            QueryCode.ValidationError,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    return seconds


def _tags_of(role: Role | None) -> dict[str, tuple[str, ...]]:
    return {} if role is None else {f"aws:resourcetag/{key.lower()}": (value,) for key, value in role.tags}


async def _assumed(call: Call, role: Role, session: Session) -> Structure:
    account = await call.people.find_account(role.account)
    identity = Identity(account, path=role.path, id=role.id, role=role.name, session=session)
    issued, size = _issue(call, identity)
    return {
        "Credentials": shown(issued),
        "AssumedRoleUser": {"AssumedRoleId": identity.user_id, "Arn": identity.arn},
        "PackedPolicySize": size,
        "SourceIdentity": session.source_identity or None,
    }


def _passed_on(limits: Limits, identity: Identity) -> Limits:
    """With what the caller's own session passes on: its transitive tags and its source identity."""
    session = identity.session
    if session is None:
        return limits
    passing = {key.lower() for key in session.transitive}
    inherited = tuple((key, value) for key, value in session.tags if key.lower() in passing)
    if {key.lower() for key, _ in inherited} & {key.lower() for key, _ in limits.tags}:
        raise QueryError(
            QueryCode.InvalidParameterValue,
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.",
        )
    if session.source_identity and limits.source_identity not in ("", session.source_identity):
        raise QueryError(
            QueryCode.AccessDenied, "The source identity of a session cannot be changed by assuming another role."
        )
    return replace(
        limits,
        tags=limits.tags + inherited,
        transitive=tuple(dict.fromkeys(limits.transitive + session.transitive)),
        source_identity=session.source_identity or limits.source_identity,
    )


# --- web identities -------------------------------------------------------------------------------------------------


async def _verified(call: Call, account: str, token: str) -> Vouched:
    try:
        return await call.tokens.federation.verify(account, token)
    except TokenRefused as refusal:
        raise QueryError(FAULTS[refusal.fault], str(refusal)) from refusal


def _of_claims(limits: Limits, vouched: Vouched) -> Limits:
    """With the tags and the source identity that the token says ("Pass session tags in AWS STS")."""
    claims = vouched.claims
    tags = tuple(
        (name.removeprefix(TAGS_CLAIM), values[0]) for name, values in claims.values if name.startswith(TAGS_CLAIM)
    )
    source = claims.of(SOURCE_CLAIM)
    return replace(
        limits,
        tags=check_tags(tags),
        transitive=claims.of(TRANSITIVE_CLAIM),
        source_identity=SESSION_NAME.check("sourceIdentity", source[0]) if source else "",
    )


def _of_token(vouched: Vouched) -> Structure:
    issuer = vouched.claims.of("iss")
    return {
        "SubjectFromWebIdentityToken": vouched.claims.subject,
        "Audience": vouched.claims.audience,
        "Provider": issuer[0] if issuer else None,
    }


async def _claimed(call: Call, token: str) -> Structure:
    """Of a token that comes without a role: the policies that its claim names take the place of the role's."""
    vouched = await _verified(call, DEFAULT_ACCOUNT, token)
    limits = read_limits(call.parameters)
    seconds = call.parameters.integer("DurationSeconds", SHORTEST, HALF_A_DAY, ORDINARY)
    asked = limits.session(call, seconds, "")
    try:
        session = session_of(vouched, asked.issued, asked.expires)
    except TokenRefused as refusal:
        raise QueryError(FAULTS[refusal.fault], str(refusal)) from refusal
    if not session.grants:
        raise QueryError(QueryCode.AccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    account = await call.people.find_account(DEFAULT_ACCOUNT)
    session = replace(session, policies=limits.policies, policy_arns=limits.policy_arns)
    issued, size = _issue(call, Identity(account, session=session))
    return {"Credentials": shown(issued), "PackedPolicySize": size, **_of_token(vouched)}


# --- users ----------------------------------------------------------------------------------------------------------


@family.unguarded("GetSessionToken")
async def get_session_token(call: Call, _: None) -> Structure:
    identity = _lasting(call)
    _check_unbuilt(call.parameters)
    session = Limits().session(call, _seconds_of_own(call), "")
    issued, _size = _issue(call, replace(identity, session=session), parent=identity.access_key)
    return {"Credentials": shown(issued)}


async def _federated(call: Call) -> Subject[str]:
    name = call.parameters.text("Name", FEDERATED_NAME)
    arn = f"arn:aws:sts::{call.account.id}:federated-user/{name}"
    return Subject(arn, name, read_limits(call.parameters).told())


@family.action("GetFederationToken", _federated)
async def get_federation_token(call: Call, name: str) -> Structure:
    identity, limits = _lasting(call), read_limits(call.parameters)
    _check_unbuilt(call.parameters)
    if limits.tags:
        arn = f"arn:aws:sts::{call.account.id}:federated-user/{name}"
        await replace(call, action="sts:TagSession").authorise(arn, limits.told())
    federated = Identity(identity.account, session=limits.session(call, _seconds_of_own(call), name))
    issued, size = _issue(call, federated, parent=identity.access_key)
    return {
        "Credentials": shown(issued),
        "FederatedUser": {"FederatedUserId": federated.user_id, "Arn": federated.arn},
        "PackedPolicySize": size,
    }


async def _assume_nothing(call: Call) -> Structure:
    """AssumeRole without a role, as clients of MinIO send it: a session of the caller's own, limited by a policy."""
    identity, limits = _lasting(call), read_limits(call.parameters)
    if limits.tags or limits.source_identity:
        raise QueryError(
            QueryCode.AccessDenied, "Only sessions of roles, whose trust policy lets them, have tags and an identity."
        )
    seconds = call.parameters.integer("DurationSeconds", SHORTEST, LONGEST, ORDINARY)
    # The root's own sessions may do all. One with policies is a federated user's, whom they limit.
    name = "root" if identity.is_root and (limits.policies or limits.policy_arns) else ""
    session = limits.session(call, seconds, name)
    holder = replace(identity, session=session)
    issued, size = _issue(call, holder, parent=identity.access_key)
    return {
        "Credentials": shown(issued),
        "AssumedRoleUser": {"AssumedRoleId": holder.user_id, "Arn": holder.arn},
        "PackedPolicySize": size,
    }


def _lasting(call: Call) -> Identity:
    """The caller, who came with a lasting key. AccessDenied."""
    if call.identity.session is not None:
        action = call.action.partition(":")[2]
        raise QueryError(QueryCode.AccessDenied, f"Cannot call {action} with session credentials")
    return call.identity


def _seconds_of_own(call: Call) -> int:
    """How long a session of a user, or of whom he lends his rights to, may last; the root's at most an hour."""
    seconds = call.parameters.integer("DurationSeconds", SHORTEST, LONGEST, HALF_A_DAY)
    return min(seconds, ORDINARY) if call.identity.is_root else seconds


# --- who is who -----------------------------------------------------------------------------------------------------


@family.unguarded("GetCallerIdentity")
async def get_caller_identity(call: Call, _: None) -> Structure:
    return {"UserId": call.identity.user_id, "Account": call.account.id, "Arn": call.identity.arn}


async def _everything(call: Call) -> Subject[None]:  # noqa: ARG001
    return Subject("*", None)


@family.action("GetAccessKeyInfo", _everything)
async def get_access_key_info(call: Call, _: None) -> Structure:
    access_key = call.parameters.text("AccessKeyId", KEY_ID)
    found = await call.people.keys.find(access_key)
    if found is None:
        raise QueryError(QueryCode.ValidationError, "Invalid accessKeyId: it is of no lasting key.")
    return {"Account": found.account}


@family.action("DecodeAuthorizationMessage", _everything)
async def decode_authorization_message(call: Call, _: None) -> Structure:
    """No message of this server is encoded: AccessDenied says in plain text what it has to say."""
    call.parameters.text("EncodedMessage", MESSAGE)
    raise QueryError(QueryCode.InvalidAuthorizationMessageException)


# --- what requests for sessions have in common ----------------------------------------------------------------------


def read_limits(parameters: Parameters) -> Limits:
    """Session policies, tags and source identity. ValidationError, MalformedPolicyDocument, PackedPolicyTooLarge."""
    policy = parameters.find("Policy", POLICY)
    arns = tuple(member.text("arn", POLICY_ARN) for member in parameters.structures("PolicyArns", most=MOST_ARNS))
    for arn in arns:
        PolicyArn(arn)
    tags = tuple(
        (member.text("Key", TAG_KEY), member.text("Value", TAG_VALUE))
        for member in parameters.structures("Tags", most=MOST_TAGS)
    )
    transitive = tuple(parameters.texts("TransitiveTagKeys", TAG_KEY, most=MOST_TAGS))
    if not {key.lower() for key in transitive} <= {key.lower() for key, _ in tags}:
        raise QueryError(
            QueryCode.InvalidParameterValue, "The specified transitive tag key must be included in the requested tags."
        )
    if policy is not None:
        _check_policy(policy)
    return Limits(
        () if policy is None else (policy,),
        arns,
        check_tags(tags),
        transitive,
        parameters.text("SourceIdentity", SESSION_NAME, default=""),
    )


def _check_policy(text: str) -> None:
    try:
        parse_policy(text, PolicyKind.SESSION)
    except PolicyError as error:
        raise QueryError(QueryCode.MalformedPolicyDocument, str(error)) from error


def _check_unbuilt(parameters: Parameters) -> None:
    """What a request must not ask for, since nothing here would heed it."""
    if parameters.find("SerialNumber") is not None or parameters.find("TokenCode") is not None:
        raise QueryError(
            QueryCode.AccessDenied, "MultiFactorAuthentication failed with invalid MFA one time pass code."
        )
    if parameters.has_list("ProvidedContexts"):
        raise QueryError(QueryCode.NotImplemented, "ProvidedContexts are not implemented.")
    if parameters.integer("MinimumSessionTokenSize", 0, 4096, 0):
        raise QueryError(QueryCode.NotImplemented, "MinimumSessionTokenSize is not implemented.")


def _issue(call: Call, identity: Identity, *, parent: str = "") -> tuple[Issued, int | None]:
    """Credentials, and how much of what policies and tags may take they do, in percent. PackedPolicyTooLarge."""
    sessions, session = call.tokens.sessions, identity.session
    assert session is not None  # noqa: S101 - made by the callers
    size = None
    if session.policies or session.policy_arns or session.tags:
        size = -(-sessions.weight(session) * 100 // PACKED)
        if size > 100:
            raise QueryError(
                QueryCode.PackedPolicyTooLarge,
                f"Packed size of session tags and policies consumes {size}% of allotted space.",
            )
    issued = sessions.issue(identity, parent=parent)
    if len(issued.token) > LONGEST_TOKEN:
        raise QueryError(QueryCode.PackedPolicyTooLarge, "The claims of the token are too long for a session.")
    return issued, size


def shown(issued: Issued) -> Structure:
    return {
        "AccessKeyId": issued.access_key,
        "SecretAccessKey": issued.secret,
        "SessionToken": issued.token,
        "Expiration": moment(issued.expires),
    }
