"""access/plans.py: a plan says what the evaluator says, of whatever policies and whatever is asked."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trug.access import actions
from trug.access.actions import Action
from trug.access.evaluate import Question, Sources, decide
from trug.access.plans import Plan, Plans, plan_of
from trug.access.policy import Policy, PolicyError, PolicyKind, parse_policy
from trug.access.resources import RESOURCES, arn_of
from trug.access.settled import is_settled, settled_value
from trug.adapters.clock import SystemClock
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.identity import ANONYMOUS, Account, Identity, Session, canonical_id_of
from trug.domain.versioning import Versioning
from trug.ports.rows import Bucket

HOME = Account("111111111111", canonical_id_of("111111111111"))
AWAY = Account("222222222222", canonical_id_of("222222222222"))
BOB = Identity(HOME, user="bob", id="AIDABOB", tags=(("Team", "red"),))
LIMITED = Session(0, 1 << 60, policies=('{"Statement": []}',), tags=(("Team", "blue"),))
CALLERS = (
    BOB,
    Identity(HOME),
    Identity(HOME, user="b*", id="AIDASTAR"),
    Identity(HOME, user="bob", id="AIDABOB", session=LIMITED),
    Identity(HOME, role="reader", path="/app/", id="AROAR", session=Session(0, 1 << 60, name="s1")),
    Identity(HOME, session=Session(0, 1 << 60, name="fed")),
    Identity(AWAY, user="bob", id="AIDAAWAY"),
    Identity(AWAY),
    ANONYMOUS,
)
BUCKET = Bucket(1, "b", HOME.id, "us-east-1", 0, Versioning.OFF)
KEYS = ("", "k", "bob", "bob/1", "b*/1", "x1", "secret/1", "red/1", "127.0.0.1/1")
ARN = "arn:aws:s3:::"


def nothing(_: str) -> None:
    """No condition key has a value."""


# --- made-up policies -----------------------------------------------------------------------------------------------

ACTIONS = st.sampled_from(["s3:GetObject", "s3:Get*", "s3:*", "*", "s3:PutObject", "s3:ListBucket", "s3:*Bucket*"])
RESOURCE = st.sampled_from(
    [
        "*",
        f"{ARN}*",
        f"{ARN}b*",
        f"{ARN}b",
        f"{ARN}b/*",
        f"{ARN}b/k",
        f"{ARN}b/x*",
        f"{ARN}b/?",
        f"{ARN}b/secret/*",
        f"{ARN}*/k",
        f"{ARN}?/bob*",
        f"{ARN}bb/*",
        f"{ARN}c/k",
        f"{ARN}b/${{aws:username}}/*",
        f"{ARN}b/${{aws:username}}",
        f"{ARN}${{aws:username}}/*",
        f"{ARN}b/${{aws:username, 'k'}}",
        f"{ARN}b/${{aws:PrincipalTag/team}}/*",
        f"{ARN}b/${{aws:SourceIp}}/*",
        f"{ARN}b/${{aws:nothing}}*",
    ]
)
OF_BUCKET = RESOURCE.filter(lambda text: text.startswith((f"{ARN}b/", f"{ARN}b*", "*")) or text == f"{ARN}b")
PRINCIPAL = st.sampled_from(
    [
        "*",
        {"AWS": "arn:aws:iam::111111111111:user/bob"},
        {"AWS": HOME.id},
        {"AWS": [AWAY.id, "arn:aws:iam::111111111111:user/eve"]},
        {"AWS": "arn:aws:iam::222222222222:user/bob"},
        {"AWS": "arn:aws:iam::111111111111:role/app/reader"},
        {"AWS": "arn:aws:sts::111111111111:assumed-role/reader/s1"},
        {"CanonicalUser": AWAY.canonical_id},
    ]
)
CONDITION = st.sampled_from(
    [
        {},
        {},
        {"StringEquals": {"aws:username": "bob"}},
        {"StringNotLike": {"aws:username": "b*"}},
        {"StringEquals": {"aws:PrincipalTag/team": ["red", "green"]}},
        {"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "red"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
        {"StringEquals": {"aws:PrincipalAccount": HOME.id}},
        {"Null": {"aws:username": "true"}},
        {"Null": {"s3:prefix": "true"}},
        {"StringLike": {"s3:prefix": ["", "${aws:username}/*"]}},
        {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
        {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}, "StringEquals": {"aws:userid": ["AIDABOB", HOME.id]}},
        {"StringEquals": {"aws:Referer": "${aws:username}"}},
    ]
)
KINDS = {PolicyKind.IDENTITY: 2, PolicyKind.SESSION: 2, PolicyKind.BOUNDARY: 1}
"""And how many of each there may be."""


@st.composite
def statement(draw: st.DrawFn, *, in_bucket: bool) -> dict[str, Any]:
    resources = draw(st.lists(OF_BUCKET if in_bucket else RESOURCE, min_size=1, max_size=3))
    said = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(ACTIONS),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): resources,
        "Condition": draw(CONDITION),
    }
    if in_bucket:
        said[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(PRINCIPAL)
    return said


def compiled(kind: PolicyKind, statements: list[dict[str, Any]]) -> Policy:
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": statements}), kind)


def applies(said: dict[str, Any]) -> bool:
    """Whether a bucket may have the statement."""
    try:
        compiled(PolicyKind.BUCKET, [said])
    except PolicyError:
        return False
    return True


@st.composite
def sources(draw: st.DrawFn) -> Sources:
    """Without ``is_same_account``."""
    of_bucket = draw(st.lists(statement(in_bucket=True).filter(applies), max_size=4))
    own, session, boundary = (
        tuple(
            compiled(kind, draw(st.lists(statement(in_bucket=False), min_size=1, max_size=3)))
            for _ in range(draw(st.integers(0, most)))
        )
        for kind, most in KINDS.items()
    )
    resource = compiled(PolicyKind.BUCKET, of_bucket) if of_bucket else None
    return Sources(own, boundary[0] if boundary else None, session, resource)


REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:sourceip": st.sampled_from([("127.0.0.1",), ("192.0.2.1",)]),
        "aws:securetransport": st.sampled_from([("true",), ("false",)]),
        "aws:referer": st.just(("bob",)),
        "s3:prefix": st.sampled_from([("",), ("bob/1",), ("x",)]),
        "s3:requestobjecttagkeys": st.sampled_from([("a",), ("a", "b")]),
    },
)


@given(
    sources(),
    st.sampled_from(CALLERS),
    st.sampled_from([actions.GET_OBJECT, actions.PUT_OBJECT, actions.LIST_BUCKET, actions.PUT_BUCKET_POLICY]),
    st.lists(REQUESTS, min_size=1, max_size=2),
)
@settings(max_examples=200, deadline=None)
def test_a_plan_decides_as_the_evaluator_does(
    known: Sources, identity: Identity, action: Action, requests: list[dict[str, tuple[str, ...]]]
) -> None:
    is_home = identity.account is HOME
    policies = Sources(known.policies, known.boundary, known.session, known.resource, is_home)
    plan = plan_of(identity, action, BUCKET, policies)
    for request in requests:

        def value(key: str, request: dict[str, tuple[str, ...]] = request) -> tuple[str, ...] | None:
            if key.startswith("s3:") and not RESOURCES[action].has(key):
                return None
            return settled_value(key, identity, BUCKET) if is_settled(key, action) else request.get(key)

        for key in KEYS:
            question = Question(identity, action, arn_of(action, BUCKET.name, key), value)
            assert plan.allows(key, value) is decide(question, policies).allowed, (key, plan)


ONE_SIDED = (
    "*",
    {"AWS": HOME.id},
    {"AWS": AWAY.id},
    {"AWS": "arn:aws:iam::222222222222:user/bob"},
    {"AWS": "arn:aws:iam::111111111111:role/app/reader"},
    None,
)
ALLOWED = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{ARN}b/*"}


@pytest.mark.parametrize("principal", ONE_SIDED)
@pytest.mark.parametrize("identity", CALLERS)
def test_it_takes_the_same_sides_to_allow(identity: Identity, principal: Any) -> None:
    """The bucket's policy, the caller's own, a boundary and a session policy: there or not, allowing or not."""
    resource = None if principal is None else compiled(PolicyKind.BUCKET, [ALLOWED | {"Principal": principal}])
    silent = ALLOWED | {"Resource": f"{ARN}c/*"}
    for own, boundary, session in itertools.product((None, ALLOWED, silent), repeat=3):
        sources = Sources(
            tuple(compiled(PolicyKind.IDENTITY, [said]) for said in (own,) if said),
            None if boundary is None else compiled(PolicyKind.BOUNDARY, [boundary]),
            tuple(compiled(PolicyKind.SESSION, [said]) for said in (session,) if said),
            resource,
            identity.account is HOME,
        )
        question = Question(identity, actions.GET_OBJECT, f"{ARN}b/k", nothing)
        plan = plan_of(identity, actions.GET_OBJECT, BUCKET, sources)
        assert plan.allows("k", nothing) is decide(question, sources).allowed, (own, boundary, session)


# --- what remains ---------------------------------------------------------------------------------------------------


def planned(*statements: dict[str, Any], identity: Identity = BOB, action: Action = actions.GET_OBJECT) -> Plan:
    return plan_of(identity, action, BUCKET, Sources((compiled(PolicyKind.IDENTITY, list(statements)),)))


def may(resource: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:*", "Resource": ARN + resource, **more}


IF_BOB = {"Condition": {"StringEquals": {"aws:username": "bob"}}}
IF_NEAR = {"Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}


@pytest.mark.parametrize(
    ("statements", "sure", "guarded"),
    [
        ([may("b/*")], ("",), ()),
        ([may("*"), may("b/x", "Deny")], ("",), ("x",)),
        ([may("b/${aws:username}/*")], ("bob/",), ()),
        ([may("b/x/*", **IF_BOB), may("c/*", "Deny")], ("x/",), ()),
        ([may("b/x/*", **IF_NEAR)], (), ()),
        ([may("b/*"), may("b/${aws:username}/*", "Deny")], ("",), ("bob/",)),
        ([may("b/*"), may("b/y/*/z", "Deny")], ("",), ("y/",)),
        ([may("b/*"), may("b/*", "Deny")], (), ("",)),
        ([may("*"), {"Effect": "Deny", "Action": "*", "NotResource": f"{ARN}b/*"}], ("",), ()),
        ([may("*"), {"Effect": "Deny", "Action": "*", "NotResource": f"{ARN}c/*"}], (), ("",)),
    ],
)
def test_what_need_not_be_asked_again(
    statements: list[dict[str, Any]], sure: tuple[str, ...], guarded: tuple[str, ...]
) -> None:
    plan = planned(*statements)
    assert (plan.sure, plan.guarded) == (sure, guarded)


def test_values_are_only_asked_for_where_a_condition_that_is_left_wants_them() -> None:
    asked: list[str] = []

    def value(key: str) -> tuple[str, ...]:
        asked.append(key)
        return ("127.0.0.1",)

    plan = planned(may("b/x/*", **IF_BOB), may("b/y/*", **IF_NEAR), may("b/secret/*", "Deny", **IF_NEAR))
    assert plan.allows("x/1", value)
    assert not plan.allows("z", value)
    assert asked == []
    assert plan.allows("y/1", value)
    assert asked == ["aws:sourceip"]


# --- keeping --------------------------------------------------------------------------------------------------------


IDENTITIES = [Identity(HOME, user=f"u{number}") for number in range(9)]


class Kept:
    """Room for four plans."""

    def __init__(self) -> None:
        self.metadata = MemoryMetadata(SystemClock())
        self.plans = Plans(self.metadata, most=4)

    def ask(self, number: int) -> bool:
        """Whether a plan was made, for one of the identities that asks."""
        identity = IDENTITIES[number]
        is_wanted = self.plans.wants(identity, actions.GET_OBJECT, BUCKET)
        if is_wanted:
            self.plans.keep(self.metadata.generation, actions.GET_OBJECT, planned(may("b/*"), identity=identity))
        return is_wanted

    @property
    def known(self) -> list[int]:
        return [
            number
            for number, identity in enumerate(IDENTITIES)
            if self.plans.known(identity, actions.GET_OBJECT, BUCKET) is not None
        ]


def test_a_plan_is_made_for_who_asks_again() -> None:
    kept = Kept()
    assert [kept.ask(0), kept.known, kept.ask(0), kept.known] == [False, [], True, [0]]


def test_where_there_is_no_room_none_is_made_until_all_are_forgotten() -> None:
    kept = Kept()
    for number in (*range(6), *range(4)):
        kept.ask(number)
    assert kept.known == [0, 1, 2, 3]
    assert [kept.ask(number) for number in (4, 5, 4, 5)] == [False] * 4
    assert kept.known == [0, 1, 2, 3]
    assert [kept.ask(4), kept.known, kept.ask(4), kept.known] == [False, [], True, [4]]


def test_those_who_ask_once_are_forgotten_too() -> None:
    kept = Kept()
    for identity in [Identity(HOME, user=f"once{number}") for number in range(100)]:
        assert not kept.plans.wants(identity, actions.GET_OBJECT, BUCKET)
        assert len(kept.plans._asked) <= 16


def test_a_plan_made_while_the_generation_moves_is_not_kept() -> None:
    kept = Kept()
    kept.ask(0)
    for generation in (kept.metadata.generation | 1, kept.metadata.generation - 2):
        kept.plans.keep(generation, actions.GET_OBJECT, planned(may("b/*"), identity=IDENTITIES[0]))
        assert kept.known == []
