"""SimulatePrincipalPolicy, SimulateCustomPolicy and the context keys that they need: the real evaluator, asked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from trug.access.evaluate import Question, Sources, Values, considered, decide, judge
from trug.access.statements import Effect, Policy, PolicyKind, Statement
from trug.domain.frozen import frozen
from trug.domain.identity import Identity
from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Structure, Value
from trug.iam.api.kinds import ACTION_NAME, CONTEXT_KEY, DOCUMENT, RESOURCE
from trug.iam.api.paging import page_of, truncation
from trug.iam.api.parameters import Parameters
from trug.iam.api.principals import (
    PRINCIPAL,
    Principal,
    Source,
    given,
    holders_of,
    identity_of,
    managed,
    principal_given,
    sources_of,
)
from trug.iam.api.refusals import QueryCode, QueryError, invalid
from trug.iam.api.services import IAM
from trug.iam.api.subjects import anything
from trug.iam.entities import Group

family = Family(IAM)

STATEMENTS = re.compile(r'"Statement"\s*:\s*')
SEPARATORS = " \t\r\n,"
UNKNOWN_HERE = ("OrderedOrganizationPolicyInputList", "PolicyExclusionList")
"""Parameters that would change the outcome and that nothing here knows of."""


class Entry(NamedTuple):
    """A context key as a simulation is given it."""

    name: str
    values: tuple[str, ...]


@frozen
class Simulation:
    """What is simulated: who asks, the policies that have a say, and what is known of the request."""

    identity: Identity
    sources: tuple[Source, ...]
    boundaries: tuple[Source, ...]
    resource: Source | None
    is_same_account: bool
    told: Mapping[str, tuple[str, ...]]

    def values(self, key: str) -> tuple[str, ...] | None:
        return self.told.get(key)

    def result(self, action: str, resource: str) -> Structure:
        """One action on one resource."""
        question = Question(self.identity, action, resource, self.values)
        rule = Sources(
            policies=tuple(source.policy for source in self.sources),
            boundary=self.boundaries[0].policy if self.boundaries else None,
            resource=self.resource.policy if self.resource else None,
            is_same_account=self.is_same_account,
        )
        decision = decide(question, rule)
        is_denied = decision.verdict.effect is Effect.DENY
        wanted = Effect.DENY if is_denied else Effect.ALLOW
        looked_at = considered(question, rule)
        matched = [one for one in looked_at if one.mismatch is None and one.statement.effect is wanted]
        needed = {
            key for one in looked_at if one.statement.speaks_of(action) for key in missing(one.statement, self.values)
        }
        texts = [one.policy.text for one in looked_at]
        return {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "allowed" if decision.allowed else "explicitDeny" if is_denied else "implicitDeny",
            "MatchedStatements": [self.shown(one.policy, one.statement) for one in matched],
            "MissingContextValues": spelled(needed, texts),
            "PermissionsBoundaryDecisionDetail": self.bounded(question),
        }

    def bounded(self, question: Question) -> Structure | None:
        if not self.boundaries:
            return None
        said = judge(self.boundaries[0].policy, question)
        return {"AllowedByPermissionsBoundary": said.effect is Effect.ALLOW}

    def shown(self, policy: Policy, statement: Statement) -> Structure:
        """A statement by its policy and where it stands in it."""
        every = (*self.sources, *self.boundaries, *((self.resource,) if self.resource else ()))
        source = next(source for source in every if source.policy is policy)
        begin, end = span_of(policy.text, statement.index)
        return {
            "SourcePolicyId": source.name,
            "SourcePolicyType": source.type,
            "StartPosition": position(policy.text, begin),
            "EndPosition": position(policy.text, end),
        }


def missing(statement: Statement, values: Values) -> Iterator[str]:
    """The condition keys that a statement asks for and that nobody told."""
    return (key for key in statement.needs if values(key) is None)


def spelled(keys: Iterable[str], texts: Sequence[str]) -> list[str]:
    """Condition keys as the documents spell them."""
    found = {}
    for key in sorted(set(keys)):
        matches = (re.search(re.escape(key), text, re.IGNORECASE) for text in texts)
        found[key] = next((match[0] for match in matches if match), key)
    return list(found.values())


def span_of(text: str, index: int) -> tuple[int, int]:
    """Where the statement of this number begins and ends in its document."""
    begun = STATEMENTS.search(text)
    if begun is None:
        return 0, len(text)
    decode = json.JSONDecoder().raw_decode
    at = begun.end()
    if text[at] != "[":
        return at, decode(text, at)[1]
    at += 1
    for _ in range(index + 1):
        while text[at] in SEPARATORS:
            at += 1
        begin, at = at, decode(text, at)[1]
    return begin, at


def position(text: str, offset: int) -> Structure:
    """Line and column, both from 1."""
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - text.rfind("\n", 0, offset)}


# --- what a simulation is given ---


def read_policies(parameters: Parameters, name: str, kind: PolicyKind = PolicyKind.IDENTITY) -> list[Source]:
    """Documents of a list, called by their place in it."""
    texts = parameters.texts(name, DOCUMENT, most=256)
    return [Source(given(text, kind), f"{name}.{number}", "none") for number, text in enumerate(texts, 1)]


def read_entries(parameters: Parameters) -> list[Entry]:
    """``ContextEntries``."""
    return [
        Entry(one.text("ContextKeyName", CONTEXT_KEY), tuple(one.texts("ContextKeyValues")))
        for one in parameters.structures("ContextEntries")
    ]


def told_of(identity: Identity, entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """The context of a simulation: who asks, and what the request says, which goes before."""
    account = "" if identity.account is None else identity.account.id
    told = {"aws:principalaccount": (account,), "aws:principalarn": (identity.arn,)}
    if identity.user and identity.id:
        told |= {"aws:username": (identity.user,), "aws:userid": (identity.id,)}
    return told | {entry.name.lower(): entry.values for entry in entries if entry.values}


async def caller_given(call: Call) -> Principal | None:
    """The user of ``CallerArn``, if there is one in the account."""
    arn = call.parameters.find("CallerArn", RESOURCE)
    if arn is None:
        return None
    found = PRINCIPAL.fullmatch(arn)
    if found is None or found[2] != "user":
        raise QueryError(QueryCode.InvalidInput, "CallerArn must be the ARN of a user.")
    return await holders_of(call, "user").find(call.tenant, found[4]) if found[1] == call.tenant else None


def resource_policy(call: Call) -> tuple[Source | None, bool]:
    """``ResourcePolicy``, and whether ``ResourceOwner`` is the caller's account."""
    text = call.parameters.find("ResourcePolicy", DOCUMENT)
    owner = call.parameters.find("ResourceOwner", RESOURCE)
    is_same = owner is None or owner in (call.tenant, f"arn:aws:iam::{call.tenant}:root")
    if text is None:
        return None, is_same
    return Source(given(text, PolicyKind.BUCKET), "ResourcePolicy", "resource"), is_same


async def simulated(
    call: Call, principal: Principal | None, sources: Iterable[Source], boundary: Iterable[Source]
) -> Structure:
    """Each action on each resource, a page of them at a time; evaluated on a thread, for they may be many."""
    parameters = call.parameters
    for name in UNKNOWN_HERE:
        if parameters.has_list(name):
            raise QueryError(QueryCode.InvalidInput, f"{name} is not known here.")
    actions = parameters.texts("ActionNames", ACTION_NAME, least=1)
    resources = parameters.texts("ResourceArns", RESOURCE) or ["*"]
    resource, is_same_account = resource_policy(call)
    identity = identity_of(call.account, await caller_given(call) or principal)
    boundaries = read_policies(parameters, "PermissionsBoundaryPolicyInputList", PolicyKind.BOUNDARY) or list(boundary)
    told = told_of(identity, read_entries(parameters))
    simulation = Simulation(identity, tuple(sources), tuple(boundaries), resource, is_same_account, told)
    begin, end = pairs_asked(parameters, len(actions) * len(resources))

    def results() -> list[Value]:
        pairs = (divmod(number, len(resources)) for number in range(begin, end))
        return [simulation.result(actions[action], resources[resource]) for action, resource in pairs]

    following = str(end) if end < len(actions) * len(resources) else ""
    return {"EvaluationResults": await asyncio.to_thread(results), **truncation(following)}


def pairs_asked(parameters: Parameters, total: int) -> tuple[int, int]:
    """Which pairs of action and resource a page is about."""
    asked = page_of(parameters)
    if asked.after and not (asked.after.isascii() and asked.after.isdigit() and len(asked.after) < 10):
        raise invalid("Marker", asked.after, "be what an answer gave as Marker")
    begin = min(int(asked.after or 0), total)
    return begin, min(begin + asked.limit, total)


# --- the actions ---


@family.action("SimulatePrincipalPolicy", principal_given)
async def simulate_principal_policy(call: Call, principal: Principal) -> Structure:
    sources = await sources_of(call, principal) + read_policies(call.parameters, "PolicyInputList")
    bound = "" if isinstance(principal, Group) else principal.boundary
    return await simulated(call, principal, sources, [await managed(call, bound)] if bound else [])


@family.action("SimulateCustomPolicy", anything)
async def simulate_custom_policy(call: Call, _: None) -> Structure:
    sources = read_policies(call.parameters, "PolicyInputList")
    if not sources:
        raise invalid("PolicyInputList", None, "not be null")
    return await simulated(call, None, sources, [])


def keys_needed(sources: Iterable[Source]) -> Structure:
    policies = [source.policy for source in sources]
    keys = {key for policy in policies for statement in policy.statements for key in statement.needs}
    return {"ContextKeyNames": list(spelled(keys, [policy.text for policy in policies]))}


@family.action("GetContextKeysForCustomPolicy", anything)
async def get_context_keys_for_custom_policy(call: Call, _: None) -> Structure:
    return keys_needed(read_policies(call.parameters, "PolicyInputList"))


@family.action("GetContextKeysForPrincipalPolicy", principal_given)
async def get_context_keys_for_principal_policy(call: Call, principal: Principal) -> Structure:
    return keys_needed(await sources_of(call, principal) + read_policies(call.parameters, "PolicyInputList"))
