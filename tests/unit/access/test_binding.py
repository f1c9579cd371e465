"""access/binding.py: a policy names whom it named when it was put."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trug.access.binding import bound, ids_of, pack_ids, shown
from trug.access.evaluate import Effect, Question, judge
from trug.access.policy import Policy, PolicyKind, parse_policy
from trug.domain.identity import Account, Identity, Session, canonical_id_of

HOME = Account("111111111111", canonical_id_of("111111111111"))
BOB_ARN, ROLE_ARN = "arn:aws:iam::111111111111:user/bob", "arn:aws:iam::111111111111:role/reader"
IDS = {BOB_ARN: "AIDAFIRST", ROLE_ARN: "AROAFIRST"}


def bob(unique_id: str) -> Identity:
    return Identity(HOME, user="bob", id=unique_id)


def role(unique_id: str) -> Identity:
    return Identity(HOME, role="reader", id=unique_id, session=Session(0, 1 << 60, name="s"))


def text_of(principal: Any, effect: str = "Allow", field: str = "Principal") -> str:
    statement = {"Effect": effect, field: principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(principal: Any, effect: str = "Allow", field: str = "Principal") -> Policy:
    return parse_policy(text_of(principal, effect, field), PolicyKind.BUCKET)


def said(known: Policy, identity: Identity) -> Effect:
    return judge(known, Question(identity, "s3:GetObject", "arn:aws:s3:::b/k", lambda _: None)).effect


@pytest.mark.parametrize(("arn", "somebody"), [(BOB_ARN, bob), (ROLE_ARN, role)])
def test_who_is_made_anew_is_somebody_else(arn: str, somebody: Any) -> None:
    first, second = somebody(IDS[arn]), somebody("ASECOND")
    by_name, by_id = policy({"AWS": arn}), bound(policy({"AWS": arn}), IDS)
    for _ in range(2):  # nor is what is remembered of one said of the other
        assert said(by_name, first) is said(by_name, second) is said(by_id, first) is Effect.ALLOW
        assert said(by_id, second) is Effect.NONE


def test_who_is_made_anew_is_not_spared_either() -> None:
    spares = bound(policy({"AWS": [HOME.id, BOB_ARN]}, "Deny", "NotPrincipal"), IDS)
    assert said(spares, bob("AIDAFIRST")) is Effect.NONE
    assert said(spares, bob("AIDASECOND")) is Effect.DENY


def test_what_is_not_bound_stays_as_it_is() -> None:
    known = policy({"AWS": BOB_ARN})
    assert bound(known, {}) is known
    assert bound(known, {ROLE_ARN: "AROAFIRST"}).statements == known.statements


@pytest.mark.parametrize("principal", [BOB_ARN, [BOB_ARN, ROLE_ARN]])
@pytest.mark.parametrize("field", ["Principal", "NotPrincipal"])
def test_who_is_gone_is_shown_by_his_id(principal: Any, field: str) -> None:
    text = text_of({"AWS": principal}, field=field)
    (statement,) = json.loads(shown(text, {BOB_ARN: "AIDAFIRST"}))["Statement"]
    assert statement[field]["AWS"] == ("AIDAFIRST" if principal == BOB_ARN else ["AIDAFIRST", ROLE_ARN])
    assert shown(text, {}) is text
    assert json.loads(shown(text_of("*"), {BOB_ARN: "AIDAFIRST"})) == json.loads(text_of("*"))


def test_ids_as_they_are_stored() -> None:
    assert pack_ids({}) is None
    assert ids_of(None) == {}
    assert ids_of(pack_ids(IDS)) == IDS
    for nonsense in (b"[]", b"{", b'{"a": 1}', b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
            ids_of(nonsense)
