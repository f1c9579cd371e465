"""access/evaluate.py: what one policy says, what all of them come to, and why."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trug.access import evaluate
from trug.access.evaluate import Effect, Mismatch, Question, Sources, considered, decide, judge, reason_of
from trug.access.policy import Policy, PolicyKind, parse_policy
from trug.access.statements import named
from trug.domain.identity import ANONYMOUS, Account, Identity, Session, canonical_id_of

BUCKET, IDENTITY, SESSION, BOUNDARY = PolicyKind.BUCKET, PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.BOUNDARY
HOME = Account("111111111111", canonical_id_of("111111111111"))
AWAY = Account("222222222222", canonical_id_of("222222222222"))
ROOT, BOB, EVE = Identity(HOME), Identity(HOME, user="bob", id="AIDABOB"), Identity(HOME, user="eve", path="/x/")
VISITOR, VISITING_ROOT = Identity(AWAY, user="bob"), Identity(AWAY)
ROLE = Identity(HOME, role="reader", path="/app/", id="AROAR", session=Session(0, 1, name="s1"))
FEDERATED = Identity(HOME, session=Session(0, 1, name="fed"))
ROLE_ARN, SESSION_ARN = "arn:aws:iam::111111111111:role/app/reader", "arn:aws:sts::111111111111:assumed-role/reader/s1"
ROOT_ARN, BOB_ARN = "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/bob"
KEY = "arn:aws:s3:::b/k"


def policy(kind: PolicyKind, *statements: dict[str, Any], version: str = "2012-10-17") -> Policy:
    text = json.dumps({"Version": version, "Statement": list(statements)})
    return parse_policy(text, kind, bucket="b" if kind is BUCKET else "")


def may(effect: str = "Allow", **fields: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"} | fields
    for field in ("Action", "Resource"):
        if f"Not{field}" in statement:
            del statement[field]
    return statement


def to(principal: Any, effect: str = "Allow", **fields: Any) -> Policy:
    return policy(BUCKET, may(effect, Principal=principal, **fields))


def ask(
    identity: Identity = BOB, action: str = "s3:GetObject", resource: str = KEY, acting: str = "", **values: str
) -> Question:
    known = {name.replace("__", ":"): (value,) for name, value in values.items()}
    return Question(identity, action, resource, known.get, acting)


MINE = policy(IDENTITY, may())
NOTHING = policy(IDENTITY, may(Action="s3:PutObject"))
NEVER = policy(IDENTITY, may("Deny"))


# --- one policy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "action", "resource", "is_meant"),
    [
        ({}, "s3:GetObject", KEY, True),
        ({}, "S3:GETOBJECT", KEY, True),
        ({}, "s3:GetObject", "arn:aws:s3:::B/k", False),
        ({}, "s3:GetObject", "arn:aws:s3:::b", False),
        ({}, "s3:GetObjectAcl", KEY, False),
        ({"Action": "s3:Get?bject*"}, "s3:GetObjectAcl", KEY, True),
        ({"Action": "*"}, "iam:CreateUser", KEY, True),
        ({"Action": "S3:get*"}, "s3:GetObject", KEY, True),
        ({"Action": ["s3:PutObject", "s3:GetObject"]}, "s3:GetObject", KEY, True),
        ({"NotAction": "s3:PutObject"}, "s3:GetObject", KEY, True),
        ({"NotAction": "s3:PutObject"}, "s3:PutObject", KEY, False),
        ({"NotAction": "s3:PutObject"}, "s3:GetObject", "arn:aws:s3:::other/k", False),
        ({"NotAction": ["s3:PutObject", "s3:Get*"]}, "s3:GetObject", KEY, False),
        ({"NotResource": "arn:aws:s3:::b/*"}, "s3:GetObject", KEY, False),
        ({"NotResource": "arn:aws:s3:::b/*"}, "s3:GetObject", "arn:aws:s3:::c/k", True),
        ({"NotResource": ["arn:aws:s3:::c/*", "arn:aws:s3:::b/x"]}, "s3:GetObject", KEY, True),
        ({"NotResource": "arn:aws:s3:::b/${aws:username}"}, "s3:GetObject", "arn:aws:s3:::b/bob", False),
        ({"NotResource": "arn:aws:s3:::b/${aws:nothing}"}, "s3:GetObject", "arn:aws:s3:::b/", True),
        ({"Resource": "*"}, "s3:GetObject", "anything", True),
        ({"Resource": "arn:aws:s3:::b/?"}, "s3:GetObject", KEY, True),
        ({"Resource": ["arn:aws:s3:::b", "arn:aws:s3:::*/k"]}, "s3:GetObject", KEY, True),
        ({"Resource": "arn:aws:s3:::b/${aws:username}/*"}, "s3:GetObject", "arn:aws:s3:::b/bob/k", True),
        ({"Resource": "arn:aws:s3:::b/${aws:username}/*"}, "s3:GetObject", "arn:aws:s3:::b/eve/k", False),
        ({"Resource": "arn:aws:s3:::b/${aws:nothing}*"}, "s3:GetObject", KEY, False),
        ({"Condition": {"StringEquals": {"aws:username": "bob"}}}, "s3:GetObject", KEY, True),
        ({"Condition": {"StringEquals": {"AWS:UserName": ["x", "bob"]}}}, "s3:GetObject", KEY, True),
        ({"Condition": {"StringEquals": {"aws:username": "eve"}}}, "s3:GetObject", KEY, False),
        ({"Condition": {"StringEquals": {"aws:username": "bob", "s3:x": "y"}}}, "s3:GetObject", KEY, False),
        (
            {"Condition": {"StringEquals": {"aws:username": "bob"}, "StringNotEquals": {"s3:x": "y"}}},
            "s3:GetObject",
            KEY,
            True,
        ),
        (
            {"Condition": {"StringLike": {"aws:username": "b*"}, "StringNotLike": {"aws:username": "bo?"}}},
            "s3:GetObject",
            KEY,
            False,
        ),
    ],
)
def test_what_a_statement_means(fields: dict[str, Any], action: str, resource: str, is_meant: bool) -> None:
    question = ask(BOB, action, resource, aws__username="bob")
    for effect, said in (("Allow", Effect.ALLOW), ("Deny", Effect.DENY)):
        verdict = judge(policy(IDENTITY, may(effect, **fields)), question)
        assert verdict.effect is (said if is_meant else Effect.NONE)
        assert (verdict.statement is not None) is is_meant


def test_a_verdict_names_its_statement() -> None:
    known = policy(IDENTITY, may(Sid="a", Action="s3:PutObject"), may(Sid="b"), may("Deny", Sid="c", Resource=KEY))
    for resource, sid in ((KEY, "c"), (KEY + "2", "b")):
        verdict = judge(known, ask(BOB, "s3:GetObject", resource))
        assert verdict.policy is known and verdict.statement is not None and verdict.statement.sid == sid


def test_the_older_language_takes_variables_for_text() -> None:
    older = policy(IDENTITY, may(Resource="arn:aws:s3:::b/${aws:username}"), version="2008-10-17")
    assert judge(older, ask(resource="arn:aws:s3:::b/bob", aws__username="bob")).effect is Effect.NONE
    assert judge(older, ask(resource="arn:aws:s3:::b/${aws:username}")).effect is Effect.ALLOW


def test_what_is_remembered_of_one_caller_is_not_said_of_another() -> None:
    known = to({"AWS": BOB_ARN})
    for _ in range(2):
        assert judge(known, ask(BOB)).effect is Effect.ALLOW
        assert judge(known, ask(EVE)).effect is judge(known, ask(VISITOR)).effect is Effect.NONE
        assert judge(known, ask(BOB, "s3:PutObject")).effect is Effect.NONE
    assert len(known.memory.by_caller) == 4 and len(known.memory.by_standing) == 3


def test_what_names_nobody_is_remembered_once_for_all() -> None:
    for known in (MINE, to("*")):
        for number in range(20):
            assert judge(known, ask(Identity(HOME, user=f"u{number}"))).effect is Effect.ALLOW
        assert len(known.memory.by_caller) == 1


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MOST_RULINGS", 8)
    known = to({"AWS": BOB_ARN})
    for number in range(40):
        assert judge(known, ask(Identity(HOME, user=f"u{number}"))).effect is Effect.NONE
        assert judge(known, ask(BOB)).effect is Effect.ALLOW
        assert len(known.memory.by_caller) <= 8


# --- principals -----------------------------------------------------------------------------------------------------

CALLERS = {
    "root": ROOT,
    "bob": BOB,
    "eve": EVE,
    "visitor": VISITOR,
    "visiting root": VISITING_ROOT,
    "role": ROLE,
    "federated": FEDERATED,
    "nobody": ANONYMOUS,
}
HOUSEHOLD = {"root", "bob", "eve", "role", "federated"}


@pytest.mark.parametrize(
    ("principal", "meant"),
    [
        ("*", set(CALLERS)),
        ({"AWS": "*"}, set(CALLERS)),
        ({"AWS": ["*", BOB_ARN]}, set(CALLERS)),
        ({"AWS": HOME.id}, HOUSEHOLD),
        ({"AWS": ROOT_ARN}, HOUSEHOLD),
        ({"CanonicalUser": HOME.canonical_id}, HOUSEHOLD),
        ({"AWS": AWAY.id}, {"visitor", "visiting root"}),
        ({"AWS": BOB_ARN}, {"bob"}),
        ({"AWS": "arn:aws:iam::111111111111:user/eve"}, set()),
        ({"AWS": "arn:aws:iam::111111111111:user/x/eve"}, {"eve"}),
        ({"AWS": ROLE_ARN}, {"role"}),
        ({"AWS": SESSION_ARN}, {"role"}),
        ({"AWS": SESSION_ARN + "2"}, set()),
        ({"AWS": "arn:aws:sts::111111111111:federated-user/fed"}, {"federated"}),
        ({"AWS": [BOB_ARN, AWAY.id]}, {"bob", "visitor", "visiting root"}),
        ({"Service": "s3.amazonaws.com"}, set()),
    ],
)
def test_principals(principal: Any, meant: set[str]) -> None:
    allowing, denying = to(principal), to(principal, "Deny")
    assert {name for name, each in CALLERS.items() if judge(allowing, ask(each)).effect is Effect.ALLOW} == meant
    assert {name for name, each in CALLERS.items() if judge(denying, ask(each)).effect is Effect.DENY} == meant


@pytest.mark.parametrize(
    ("principal", "spared_by_deny", "passed_over_by_allow"),
    [
        ("*", set(CALLERS), set(CALLERS)),
        ({"AWS": BOB_ARN}, set(), {"bob"}),
        ({"AWS": [BOB_ARN, ROOT_ARN]}, {"bob", "root"}, HOUSEHOLD),
        ({"AWS": [BOB_ARN, HOME.id]}, {"bob", "root"}, HOUSEHOLD),
        ({"AWS": [ROLE_ARN, ROOT_ARN]}, {"root"}, HOUSEHOLD),
        ({"AWS": [ROLE_ARN, SESSION_ARN, ROOT_ARN]}, {"role", "root"}, HOUSEHOLD),
        ({"AWS": [ROLE_ARN, SESSION_ARN]}, set(), {"role"}),
    ],
)
def test_all_other_principals(principal: Any, spared_by_deny: set[str], passed_over_by_allow: set[str]) -> None:
    allowing = policy(BUCKET, may(NotPrincipal=principal))
    denying = policy(BUCKET, may("Deny", NotPrincipal=principal))
    assert {name for name, each in CALLERS.items() if not judge(denying, ask(each)).statement} == spared_by_deny
    assert {name for name, each in CALLERS.items() if not judge(allowing, ask(each)).statement} == passed_over_by_allow


def test_who_acts_without_being_an_identity() -> None:
    service = named("Service", "logging.s3.amazonaws.com")
    logging = to({"Service": "logging.s3.amazonaws.com"})
    assert decide(ask(ANONYMOUS, acting=service), Sources(resource=logging, is_same_account=False)).allowed
    assert not decide(ask(ANONYMOUS), Sources(resource=logging, is_same_account=False)).allowed
    other = named("Service", "s3.amazonaws.com")
    assert not decide(ask(ANONYMOUS, acting=other), Sources(resource=logging, is_same_account=False)).allowed


def test_whom_an_identity_provider_vouches_for() -> None:
    provider = "arn:aws:iam::111111111111:oidc-provider/issuer.example"
    trust = policy(
        PolicyKind.TRUST,
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"issuer.example:aud": "app"}},
        },
    )
    who = named("Federated", provider)
    question = Question(ANONYMOUS, "sts:AssumeRoleWithWebIdentity", ROLE_ARN, {"issuer.example:aud": ("app",)}.get, who)
    decision = decide(question, Sources(resource=trust))
    assert decision.allowed and decision.by is PolicyKind.TRUST
    assert not decide(Question(ANONYMOUS, question.action, ROLE_ARN, {}.get, who), Sources(resource=trust)).allowed


# --- all of them, in one account ------------------------------------------------------------------------------------

GETS, PUTS = policy(BOUNDARY, may()), policy(BOUNDARY, may(Action="s3:PutObject"))
SESSION_GETS, SESSION_PUTS = policy(SESSION, may()), policy(SESSION, may(Action="s3:PutObject"))
FEDERATED_ARN = "arn:aws:sts::111111111111:federated-user/fed"


@pytest.mark.parametrize(
    ("identity", "sources", "allowed", "by"),
    [
        (ROOT, Sources(), True, None),
        (ROOT, Sources(resource=to({"AWS": ROOT_ARN}, "Deny")), False, BUCKET),
        (ROOT, Sources(resource=to({"AWS": BOB_ARN})), True, None),
        (BOB, Sources(), False, IDENTITY),
        (BOB, Sources((MINE,)), True, IDENTITY),
        (BOB, Sources((NOTHING,)), False, IDENTITY),
        (BOB, Sources((NOTHING, MINE)), True, IDENTITY),
        (BOB, Sources((MINE, NEVER)), False, IDENTITY),
        (BOB, Sources((MINE,), resource=to("*", "Deny")), False, BUCKET),
        (BOB, Sources((), resource=to("*")), True, BUCKET),
        (BOB, Sources((), resource=to({"AWS": BOB_ARN})), True, BUCKET),
        (BOB, Sources((), resource=to({"AWS": HOME.id})), False, IDENTITY),
        (BOB, Sources((MINE,), resource=to({"AWS": HOME.id})), True, IDENTITY),
        (BOB, Sources((NEVER,), resource=to({"AWS": BOB_ARN})), False, IDENTITY),
        # the boundary limits what the identity's own policies give, not what a bucket's gives to the user by name
        (BOB, Sources((MINE,), GETS), True, IDENTITY),
        (BOB, Sources((MINE,), PUTS), False, BOUNDARY),
        (BOB, Sources((), GETS), False, IDENTITY),
        (BOB, Sources((MINE,), policy(BOUNDARY, may(), may("Deny"))), False, BOUNDARY),
        (BOB, Sources((), PUTS, resource=to({"AWS": BOB_ARN})), True, BUCKET),
        (BOB, Sources((), policy(BOUNDARY, may("Deny")), resource=to({"AWS": BOB_ARN})), False, BOUNDARY),
        (BOB, Sources((), PUTS, resource=to("*")), False, BOUNDARY),
        # roles: by the role's name within boundary and session policies, by the session's beyond them
        (ROLE, Sources((MINE,)), True, IDENTITY),
        (ROLE, Sources((MINE,), session=(SESSION_GETS,)), True, IDENTITY),
        (ROLE, Sources((MINE,), session=(SESSION_PUTS,)), False, SESSION),
        (ROLE, Sources((MINE,), session=(SESSION_PUTS, SESSION_GETS)), True, IDENTITY),
        (ROLE, Sources((MINE,), session=(SESSION_GETS, policy(SESSION, may("Deny")))), False, SESSION),
        (ROLE, Sources((), session=(SESSION_GETS,)), False, IDENTITY),
        (ROLE, Sources((), resource=to({"AWS": ROLE_ARN})), True, BUCKET),
        (ROLE, Sources((), PUTS, resource=to({"AWS": ROLE_ARN})), False, BOUNDARY),
        (ROLE, Sources((), session=(SESSION_PUTS,), resource=to({"AWS": ROLE_ARN})), False, SESSION),
        (ROLE, Sources((), PUTS, (SESSION_PUTS,), to({"AWS": SESSION_ARN})), True, BUCKET),
        (ROLE, Sources((), PUTS, (SESSION_PUTS,), to({"AWS": [ROLE_ARN, SESSION_ARN]})), True, BUCKET),
        (FEDERATED, Sources((MINE,), session=(SESSION_GETS,)), True, IDENTITY),
        (FEDERATED, Sources((MINE,), session=(SESSION_PUTS,)), False, SESSION),
        (FEDERATED, Sources((), session=(SESSION_PUTS,), resource=to({"AWS": FEDERATED_ARN})), True, BUCKET),
        # across accounts both must allow
        (VISITOR, Sources((MINE,), is_same_account=False), False, BUCKET),
        (VISITOR, Sources((), resource=to("*"), is_same_account=False), False, IDENTITY),
        (VISITOR, Sources((MINE,), resource=to("*"), is_same_account=False), True, IDENTITY),
        (VISITOR, Sources((MINE,), resource=to({"AWS": AWAY.id}), is_same_account=False), True, IDENTITY),
        (VISITOR, Sources((MINE,), resource=to({"AWS": HOME.id}), is_same_account=False), False, BUCKET),
        (VISITOR, Sources((NEVER,), resource=to({"AWS": AWAY.id}), is_same_account=False), False, IDENTITY),
        (VISITOR, Sources((MINE,), PUTS, resource=to({"AWS": AWAY.id}), is_same_account=False), False, BOUNDARY),
        (VISITING_ROOT, Sources((), resource=to({"AWS": AWAY.id}), is_same_account=False), True, None),
        (VISITING_ROOT, Sources((), is_same_account=False), False, BUCKET),
        # nobody
        (ANONYMOUS, Sources(is_same_account=False), False, BUCKET),
        (ANONYMOUS, Sources(), False, IDENTITY),
        (ANONYMOUS, Sources(resource=to("*"), is_same_account=False), True, BUCKET),
        (ANONYMOUS, Sources(resource=to("*")), True, BUCKET),
        (ANONYMOUS, Sources(resource=to({"AWS": HOME.id}), is_same_account=False), False, BUCKET),
        (
            ANONYMOUS,
            Sources(resource=policy(BUCKET, may(NotPrincipal={"AWS": BOB_ARN})), is_same_account=False),
            True,
            BUCKET,
        ),
    ],
)
def test_decisions(identity: Identity, sources: Sources, allowed: bool, by: PolicyKind | None) -> None:
    decision = decide(ask(identity), sources)
    assert (decision.allowed, decision.by) == (allowed, by)


def test_root_keeps_the_policy_of_its_bucket() -> None:
    locked = policy(BUCKET, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b*"})
    bucket = "arn:aws:s3:::b"
    for action in ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"):
        assert decide(ask(ROOT, action, bucket), Sources(resource=locked)).allowed
        assert not decide(ask(BOB, action, bucket), Sources((MINE,), resource=locked)).allowed
        assert not decide(ask(VISITING_ROOT, action, bucket), Sources(resource=locked, is_same_account=False)).allowed
    assert not decide(ask(ROOT, "s3:ListBucket", bucket), Sources(resource=locked)).allowed


@pytest.mark.parametrize(
    ("identity", "sources", "told"),
    [
        (BOB, Sources(), "because no identity-based policy allows the s3:GetObject action"),
        (BOB, Sources((MINE,), PUTS), "because no permissions boundary allows the s3:GetObject action"),
        (ROLE, Sources((MINE,), session=(SESSION_PUTS,)), "because no session policy allows the s3:GetObject action"),
        (
            VISITOR,
            Sources((MINE,), is_same_account=False),
            "because no resource-based policy allows the s3:GetObject action",
        ),
        (BOB, Sources((NEVER,)), "with an explicit deny in an identity-based policy"),
        (BOB, Sources(resource=to("*", "Deny")), "with an explicit deny in a resource-based policy"),
        (BOB, Sources((), policy(BOUNDARY, may("Deny"))), "with an explicit deny in a permissions boundary"),
    ],
)
def test_reasons(identity: Identity, sources: Sources, told: str) -> None:
    assert reason_of(decide(ask(identity), sources), "s3:GetObject") == told


def test_a_roles_trust_policy_must_allow_itself() -> None:
    """In its own account too: neither a policy of one's own nor being the root is enough."""
    trusted = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/other"}}
    trust = policy(PolicyKind.TRUST, {**trusted, "Action": "sts:AssumeRole"})
    everything = policy(IDENTITY, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    for who in (BOB, ROOT):
        question = Question(who, "sts:AssumeRole", ROLE_ARN, {}.get)
        assert decide(question, Sources((everything,))).allowed
        decision = decide(question, Sources((everything,), resource=trust))
        assert not decision.allowed and decision.by is PolicyKind.TRUST


def test_reasons_of_who_may_not_assume_a_role() -> None:
    trusted = {"Effect": "Allow", "Principal": {"AWS": BOB_ARN}, "Action": "sts:AssumeRole"}
    none, never = (policy(PolicyKind.TRUST, trusted | {"Effect": effect}) for effect in ("Allow", "Deny"))
    visitor, bob = (Question(who, "sts:AssumeRole", ROLE_ARN, {}.get) for who in (VISITOR, BOB))
    refused = decide(visitor, Sources((MINE,), resource=none, is_same_account=False))
    assert reason_of(refused, "sts:AssumeRole") == "because no role trust policy allows the sts:AssumeRole action"
    assert reason_of(decide(bob, Sources(resource=never)), "x") == "with an explicit deny in the role trust policy"


def test_every_statement_is_considered() -> None:
    mine = policy(
        IDENTITY,
        may(Sid="a"),
        may(Sid="b", Action="s3:PutObject"),
        may(Sid="c", Resource="arn:aws:s3:::c/*"),
        may(Sid="d", Condition={"StringEquals": {"aws:username": "bob", "aws:Referer": "x"}}),
    )
    theirs = policy(BUCKET, may(Sid="e", Principal={"AWS": AWAY.id}), may("Deny", Sid="f", Principal="*"))
    found = considered(ask(aws__username="bob"), Sources((mine,), GETS, (SESSION_PUTS,), theirs))
    assert [(each.statement.sid, each.mismatch) for each in found] == [
        ("a", None),
        ("b", Mismatch.ACTION),
        ("c", Mismatch.RESOURCE),
        ("d", Mismatch.CONDITION),
        ("", None),
        ("", Mismatch.ACTION),
        ("e", Mismatch.PRINCIPAL),
        ("f", None),
    ]
    assert found[3].condition is not None and found[3].condition.key == "aws:referer"
    assert [each.policy.kind for each in found] == [IDENTITY] * 4 + [BOUNDARY, SESSION, BUCKET, BUCKET]


# --- what holds whatever is written ---------------------------------------------------------------------------------

ACTIONS = st.sampled_from(["s3:GetObject", "s3:Get*", "s3:*", "*", "s3:PutObject", "s3:?etObject"])
RESOURCES = st.sampled_from(
    ["arn:aws:s3:::b/*", KEY, "arn:aws:s3:::b/x*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/?"]
)
PRINCIPALS = st.sampled_from(["*", {"AWS": BOB_ARN}, {"AWS": HOME.id}, {"AWS": AWAY.id}, {"AWS": ROLE_ARN}])
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:username": "bob"}},
        {"StringNotLike": {"aws:username": "b*"}},
        {"Null": {"aws:Referer": "true"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    ]
)
EFFECTS = st.sampled_from(["Allow", "Deny"])
NEGATIONS = st.sampled_from(["", "Not"])


@st.composite
def statements(draw: st.DrawFn, effects: st.SearchStrategy[str] = EFFECTS) -> dict[str, Any]:
    return {
        "Effect": draw(effects),
        "Principal": draw(PRINCIPALS),
        draw(NEGATIONS) + "Action": draw(ACTIONS),
        draw(NEGATIONS) + "Resource": draw(RESOURCES),
        "Condition": draw(CONDITIONS),
    }


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Question, bool]:
    identity = draw(st.sampled_from(list(CALLERS.values())))
    action = draw(st.sampled_from(["s3:GetObject", "s3:PutObject"]))
    values = {"aws:username": "bob", "aws:sourceip": draw(st.sampled_from(["10.1.1.1", "192.0.2.1"]))}
    question = Question(
        identity,
        action,
        draw(st.sampled_from([KEY, "arn:aws:s3:::b/x1", "arn:aws:s3:::b/bob"])),
        {name: (value,) for name, value in values.items()}.get,
    )
    of_bucket, own = (draw(st.lists(statements(), max_size=4)) for _ in range(2))
    return of_bucket, own, question, identity.account is HOME


def sources_of(of_bucket: list[dict[str, Any]], own: list[dict[str, Any]], is_same_account: bool) -> Sources:
    bare = [{name: value for name, value in each.items() if name != "Principal"} for each in own]
    return Sources(
        policies=(policy(IDENTITY, *bare),) if bare else (),
        resource=policy(BUCKET, *of_bucket) if of_bucket else None,
        is_same_account=is_same_account,
    )


@given(cases(), statements(st.just("Allow")), st.booleans())
@settings(max_examples=80, deadline=None)
def test_another_allow_takes_nothing_away(case: Any, more: dict[str, Any], to_bucket: bool) -> None:
    of_bucket, own, question, is_same = case
    before = decide(question, sources_of(of_bucket, own, is_same)).allowed
    of_bucket, own = ([*of_bucket, more], own) if to_bucket else (of_bucket, [*own, more])
    assert decide(question, sources_of(of_bucket, own, is_same)).allowed >= before


@given(cases(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_deny_that_fits_wins(case: Any, to_bucket: bool) -> None:
    of_bucket, own, question, is_same = case
    never = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::b/*"}
    of_bucket, own = ([*of_bucket, never], own) if to_bucket else (of_bucket, [*own, never])
    assert not decide(question, sources_of(of_bucket, own, is_same)).allowed


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_order_means_nothing(case: Any, random: Any) -> None:
    of_bucket, own, question, is_same = case
    before = decide(question, sources_of(of_bucket, own, is_same))
    random.shuffle(of_bucket)
    random.shuffle(own)
    after = decide(question, sources_of(of_bucket, own, is_same))
    assert (before.allowed, before.by, before.verdict.effect) == (after.allowed, after.by, after.verdict.effect)


@given(cases())
@settings(max_examples=80, deadline=None)
def test_what_is_considered_agrees_with_what_is_decided(case: Any) -> None:
    of_bucket, own, question, is_same = case
    sources = sources_of(of_bucket, own, is_same)
    fitting = {each.statement.effect for each in considered(question, sources) if each.mismatch is None}
    decision = decide(question, sources)
    assert not (decision.allowed and Effect.DENY in fitting)
    assert (decision.verdict.effect is Effect.DENY) is (Effect.DENY in fitting)
    if decision.allowed and decision.by is not None:
        assert Effect.ALLOW in fitting


def test_every_order_of_a_few_statements() -> None:
    few = [may(), may("Deny"), may(Action="*"), may("Deny", Resource="arn:aws:s3:::b/other")]
    for order in itertools.permutations(few):
        assert judge(policy(IDENTITY, *order), ask()).effect is Effect.DENY
