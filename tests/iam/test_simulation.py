"""SimulatePrincipalPolicy, SimulateCustomPolicy, and the context keys that policies ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.iam import IamServer
from tests.support.policies import allowing, denying, document, trusting

OBJECT = "arn:aws:s3:::bucket/key"
POLICY = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"},
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
     "Condition": {"StringEquals": {"aws:RequestTag/Dept": "${aws:PrincipalTag/Dept}"}}}
  ]
}"""


def decisions(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (row["EvalActionName"], row["EvalResourceName"], row["EvalDecision"]) for row in answer["EvaluationResults"]
    ]


def test_custom(iam: Any) -> None:
    answer = iam.simulate_custom_policy(
        PolicyInputList=[POLICY, denying("s3:DeleteObject")],
        ActionNames=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        ResourceArns=[OBJECT, "arn:aws:s3:::other/key"],
    )
    assert decisions(answer) == [
        ("s3:GetObject", OBJECT, "allowed"),
        ("s3:GetObject", "arn:aws:s3:::other/key", "implicitDeny"),
        ("s3:PutObject", OBJECT, "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::other/key", "implicitDeny"),
        ("s3:DeleteObject", OBJECT, "explicitDeny"),
        ("s3:DeleteObject", "arn:aws:s3:::other/key", "explicitDeny"),
    ]
    allowed, _, waiting, *_ = answer["EvaluationResults"]
    assert allowed["MatchedStatements"] == [
        {
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "none",
            "StartPosition": {"Line": 4, "Column": 5},
            "EndPosition": {"Line": 4, "Column": 87},
        }
    ]
    assert waiting["MissingContextValues"] == ["aws:PrincipalTag/Dept", "aws:RequestTag/Dept"]


def test_context(iam: Any) -> None:
    def decided(*values: str) -> str:
        entries = [
            {"ContextKeyName": "aws:RequestTag/Dept", "ContextKeyType": "string", "ContextKeyValues": list(values)},
            {"ContextKeyName": "aws:principaltag/dept", "ContextKeyType": "string", "ContextKeyValues": ["a"]},
        ]
        answer = iam.simulate_custom_policy(
            PolicyInputList=[POLICY], ActionNames=["s3:PutObject"], ContextEntries=entries
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert decided("a") == "allowed"
    assert decided("b") == "implicitDeny"


def test_pages(iam: Any) -> None:
    actions = [f"s3:Get{number}" for number in range(5)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[allowing("s3:*")], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    assert [row["EvalActionName"] for page in pages for row in page["EvaluationResults"]] == actions


def test_principals(iam: Any, name: str, user: str, refused: Callable[..., str]) -> None:
    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=user)
    iam.put_group_policy(GroupName=name, PolicyName="in", PolicyDocument=allowing("s3:GetObject"))
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/writeonly")
    iam.put_user_policy(
        UserName=user,
        PolicyName="own",
        PolicyDocument=allowing("iam:*", resource="arn:aws:iam::*:user/${aws:username}"),
    )
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteBucket"]
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, ResourceArns=[OBJECT])
    assert [row["EvalDecision"] for row in answer["EvaluationResults"]] == ["allowed", "allowed", "implicitDeny"]
    on_user = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["iam:GetUser"], ResourceArns=[arn, OBJECT]
    )
    assert [row["EvalDecision"] for row in on_user["EvaluationResults"]] == ["allowed", "implicitDeny"]
    rows = answer["EvaluationResults"] + on_user["EvaluationResults"]
    sources = [row["MatchedStatements"][0] for row in rows if row["MatchedStatements"]]
    assert [(source["SourcePolicyId"], source["SourcePolicyType"]) for source in sources] == [
        (f"group_{name}_in", "group"),
        ("writeonly", "aws-managed"),
        (f"user_{user}_own", "user"),
    ]
    group = iam.get_group(GroupName=name)["Group"]["Arn"]
    answer = iam.simulate_principal_policy(PolicySourceArn=group, ActionNames=["s3:GetObject"])
    assert decisions(answer) == [("s3:GetObject", "*", "allowed")]
    assert refused(iam.simulate_principal_policy, PolicySourceArn=f"{arn}x", ActionNames=["s3:*"]) == "NoSuchEntity"


def test_boundaries(iam: Any, name: str) -> None:
    bound = iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:GetObject"))["Policy"]["Arn"]
    trust = trusting("arn:aws:iam::000000000000:root")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, PermissionsBoundary=bound)
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=allowing("*"))
    asked = {
        "PolicySourceArn": f"arn:aws:iam::000000000000:role/{name}",
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": [OBJECT],
    }
    rows = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert [row["EvalDecision"] for row in rows] == ["allowed", "implicitDeny"]
    told = [row["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] for row in rows]
    assert told == [True, False]
    other = iam.simulate_principal_policy(**asked, PermissionsBoundaryPolicyInputList=[allowing("s3:Put*")])
    assert [row["EvalDecision"] for row in other["EvaluationResults"]] == ["implicitDeny", "allowed"]


def test_resource_policies(iam: Any, user: str) -> None:
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:GetObject", "Resource": OBJECT}
    asked = {
        "PolicyInputList": [allowing("s3:ListBucket")],
        "ActionNames": ["s3:GetObject"],
        "ResourceArns": [OBJECT],
        "ResourcePolicy": document(statement),
        "CallerArn": arn,
    }
    answer = iam.simulate_custom_policy(**asked)
    assert decisions(answer) == [("s3:GetObject", OBJECT, "allowed")]
    assert answer["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyType"] == "resource"
    foreign = iam.simulate_custom_policy(**asked, ResourceOwner="arn:aws:iam::111122223333:root")
    assert decisions(foreign) == [("s3:GetObject", OBJECT, "implicitDeny")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"PolicyInputList.member.1": "{"},
        {"ResourcePolicy": "{}"},
        {"CallerArn": "arn:aws:iam::000000000000:role/x"},
        {"OrderedOrganizationPolicyInputList.member.1": "{}"},
    ],
)
def test_refusals(server: IamServer, wrong: dict[str, str]) -> None:
    good = {
        "Action": "SimulateCustomPolicy",
        "PolicyInputList.member.1": POLICY,
        "ActionNames.member.1": "s3:GetObject",
    }
    assert server.query(good).status == 200
    answer = server.query(good | wrong)
    assert (answer.status, answer.code) == (400, "InvalidInput")


def test_context_keys(iam: Any, user: str) -> None:
    keys = ["aws:PrincipalTag/Dept", "aws:RequestTag/Dept"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[POLICY])["ContextKeyNames"] == keys
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=POLICY)
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"] == keys
    more = iam.get_context_keys_for_principal_policy(
        PolicySourceArn=arn,
        PolicyInputList=[allowing("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})],
    )
    assert more["ContextKeyNames"] == [*keys, "aws:SecureTransport"]
