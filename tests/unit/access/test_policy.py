"""access/policy.py: which documents are stored, and in which words the others are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trug.access.policy import LARGEST_BUCKET_POLICY, PolicyError, PolicyKind, characters_of, parse_policy
from trug.access.statements import Effect

BUCKET, IDENTITY, TRUST = PolicyKind.BUCKET, PolicyKind.IDENTITY, PolicyKind.TRUST
OBJECTS = "arn:aws:s3:::b/*"
GET = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}
MAY = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECTS}
TRUSTED = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}
GONE: Any = object()


def document(statement: Any, **fields: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement} | fields)


def varied(base: dict[str, Any], **fields: Any) -> str:
    return document({name: value for name, value in (base | fields).items() if value is not GONE})


def refusal(text: str | bytes, kind: PolicyKind = BUCKET) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, kind, bucket="b" if kind is BUCKET else "")
    return str(caught.value)


# --- what is stored -------------------------------------------------------------------------------------------------


def test_a_policy_says_what_it_holds() -> None:
    text = document(
        [GET | {"Sid": "one", "Condition": {"StringLike": {"s3:ExistingObjectTag/A": "${aws:PrincipalTag/A}"}}}], Id="x"
    )
    policy = parse_policy(text.encode(), BUCKET, bucket="b", account="1", name="n")
    assert (policy.kind, policy.version, policy.id, policy.name, policy.text) == (BUCKET, "2012-10-17", "x", "n", text)
    (statement,) = policy.statements
    assert (statement.index, statement.sid, statement.effect) == (0, "one", Effect.ALLOW)
    assert policy.needs == {"s3:existingobjecttag", "aws:principaltag"}


def test_what_is_not_said() -> None:
    policy = parse_policy(json.dumps({"Statement": GET}), BUCKET, bucket="b")
    assert (policy.version, policy.id, policy.statements[0].sid, policy.needs) == ("2008-10-17", "", "", frozenset())


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["*"]},
        {"AWS": "111111111111"},
        {"AWS": "tenant_a-$1"},
        {"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::tenant:user/path/to/bob"]},
        {"AWS": "arn:aws:iam::111111111111:role/service/r"},
        {"AWS": "arn:aws:sts::111111111111:assumed-role/r/s"},
        {"AWS": "arn:aws:sts::111111111111:federated-user/f"},
        {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"},
        {"Federated": "arn:aws:iam::111111111111:oidc-provider/issuer.example/realms/x"},
        {"Federated": ["accounts.google.com"]},
        {"Service": "logging.s3.amazonaws.com"},
        {"CanonicalUser": "0" * 64},
        {"AWS": "111111111111", "Service": ["a.amazonaws.com", "b.amazonaws.com"]},
    ],
)
def test_principals(principal: Any) -> None:
    for field, other in (("Principal", "NotPrincipal"), ("NotPrincipal", "Principal")):
        (statement,) = parse_policy(varied(GET, **{field: principal, other: GONE}), BUCKET, bucket="b").statements
        assert statement.principals is not None and statement.principals.is_negated is (field == "NotPrincipal")


@pytest.mark.parametrize(
    "resource",
    [
        OBJECTS,
        "arn:aws:s3:::b/",
        "arn:aws:s3:::b/a?c/*",
        "arn:aws:s3:::b*",
        "arn:aws:s3:::b/${aws:username}/*",
        ["arn:aws:s3:::b", OBJECTS],
    ],
)
def test_resources(resource: Any) -> None:
    assert parse_policy(varied(GET, Resource=resource), BUCKET, bucket="b")
    assert parse_policy(varied(GET, Resource=GONE, NotResource=resource), BUCKET, bucket="b")


@pytest.mark.parametrize(
    "action",
    ["*", "s3:*", "S3:getobject", "s3:Get*", "s3:Get?bject*", ["s3:GetObject", "s3:PutObject"], "s3:*Object"],
)
def test_actions(action: Any) -> None:
    assert parse_policy(varied(GET, Action=action), BUCKET, bucket="b")


@pytest.mark.parametrize(
    ("kind", "base", "fields"),
    [
        (BUCKET, GET, {"Sid": "any text, S3 does not mind"}),
        (BUCKET, GET, {"Condition": {}}),
        (BUCKET, GET, {"Condition": {"StringEquals": {}}}),
        (
            BUCKET,
            GET,
            {"Condition": {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:signatureAge": 10}}},
        ),
        (BUCKET, GET, {"Condition": {"NumericEquals": {"s3:signatureAge": [1, 2.5, "3"]}}}),
        (BUCKET, GET, {"Action": GONE, "NotAction": "s3:DeleteObject"}),
        (BUCKET, GET, {"Action": GONE, "NotAction": "s3:DeleteBucket"}),
        (IDENTITY, MAY, {"Resource": "*"}),
        (IDENTITY, MAY, {"Action": ["iam:*", "sts:AssumeRole", "new-service:Whatever"], "Resource": "*"}),
        (IDENTITY, MAY, {"Resource": "arn:aws:iam::1:user/${aws:username}"}),
        (IDENTITY, MAY, {"Condition": {"StringEquals": {"anything:else": "x"}}}),
        (PolicyKind.SESSION, MAY, {}),
        (PolicyKind.BOUNDARY, MAY, {}),
        (TRUST, TRUSTED, {}),
        (TRUST, TRUSTED, {"Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": "*"}),
        (TRUST, TRUSTED, {"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "issuer.example"}}),
    ],
)
def test_what_is_stored(kind: PolicyKind, base: dict[str, Any], fields: dict[str, Any]) -> None:
    assert parse_policy(varied(base, **fields), kind, bucket="b" if kind is BUCKET else "").kind is kind


def test_sids_of_a_bucket_may_be_the_same() -> None:
    same = [{"Sid": "x"} | GET, {"Sid": "x"} | GET]
    assert parse_policy(document(same), BUCKET, bucket="b")


def test_without_a_bucket_any_will_do() -> None:
    assert parse_policy(document(GET), BUCKET)
    with pytest.raises(PolicyError):
        parse_policy(varied(GET, Resource="arn:aws:s3:::"), BUCKET)


# --- what is refused ------------------------------------------------------------------------------------------------

FIRST = "Policies must be valid JSON and the first byte must be '{'"
JSON = "This policy contains invalid Json"
SYNTAX = "Invalid policy syntax."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", FIRST),
        (" {}", FIRST),
        ("[]", FIRST),
        ("\ufeff{}", FIRST),
        (b"\xff", FIRST),
        ("{", JSON),
        ("{}x", JSON),
        (b'{"Id": "\xff"}', JSON),
        ('{"Id": "\\ud800"}', JSON),
        ('{"Id": "a", "Id": "b"}', JSON),
        ('{"Statement": {"Effect": "Allow", "Effect": "Deny"}}', JSON),
        ('{"Id": NaN}', JSON),
        ('{"Id": -Infinity}', JSON),
        ('{"Id": ' + "[" * 10_000, JSON),
        ('{"Id": ' + "[" * 10_000 + "]" * 10_000 + "}", JSON),
        ('{"a":' * 4_000 + "1" + "}" * 4_000, "Policy exceeds the maximum allowed document size."),
        ('{"Id": "' + "x" * (LARGEST_BUCKET_POLICY - 9) + '"}', "Policy exceeds the maximum allowed document size."),
        ("{}", "Missing required field Statement"),
        ('{"Id": 1}', SYNTAX),
        ('{"Version": "2012-10-18"}', "The policy must contain a valid version string"),
        ('{"Version": 2012}', "The policy must contain a valid version string"),
        ('{"Version": ["2012-10-17"]}', "The policy must contain a valid version string"),
        ('{"version": "2012-10-17"}', "Unknown field version"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Statement": [1]}', SYNTAX),
        ('{"Statement": [[]]}', SYNTAX),
        ('{"Statement": null}', SYNTAX),
    ],
)
def test_documents_refused(text: str | bytes, told: str) -> None:
    assert refusal(text) == told


def test_a_deep_document() -> None:
    """How deep json looks differs from one Python to the next."""
    assert refusal('{"a":' * 3_000 + "1" + "}" * 3_000) in (JSON, "Unknown field a")


def test_the_largest_policy() -> None:
    frame = document(GET, Id="")
    text = document(GET, Id="x" * (LARGEST_BUCKET_POLICY - len(frame)))
    assert len(text) == LARGEST_BUCKET_POLICY and parse_policy(text, BUCKET, bucket="b")


NO_ACTION, BAD_ACTION = "Missing required field Action", "Policy has invalid action"
NO_RESOURCE, BAD_RESOURCE = "Missing required field Resource", "Policy has invalid resource"
BAD_PRINCIPAL = "Invalid principal in policy"
NO_ACCORD = "Action does not apply to any resource(s) in statement"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"Effect": GONE}, "Missing required field Effect"),
        ({"Effect": "allow"}, "Invalid effect: allow"),
        ({"Effect": 1}, "Invalid effect: 1"),
        ({"Effect": ["Allow"]}, "Invalid effect: ['Allow']"),
        ({"Colour": "red"}, "Unknown field Colour"),
        ({"Sid": 5}, SYNTAX),
        ({"Principal": GONE}, "Missing required field Principal"),
        ({"NotPrincipal": "*"}, SYNTAX),
        ({"Principal": {}}, "Missing required field Principal cannot be empty!"),
        ({"Principal": {"AWS": []}}, "Missing required field Principal cannot be empty!"),
        ({"Principal": "111111111111"}, BAD_PRINCIPAL),
        ({"Principal": ["*"]}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:iam::111111111111:user/*"}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:iam::111111111111:group/g"}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "arn:aws:s3:::b"}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "a b"}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "*x"}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": ""}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": "x" * 129}}, BAD_PRINCIPAL),
        ({"Principal": {"AWS": 111111111111}}, SYNTAX),
        ({"Principal": {"aws": "111111111111"}}, BAD_PRINCIPAL),
        ({"Principal": {"Service": "*"}}, BAD_PRINCIPAL),
        ({"Principal": {"Federated": "*"}}, BAD_PRINCIPAL),
        ({"Principal": {"CanonicalUser": "*"}}, BAD_PRINCIPAL),
        ({"Action": GONE}, NO_ACTION),
        ({"Action": []}, NO_ACTION),
        ({"Action": "s3:NoSuchThing"}, BAD_ACTION),
        ({"Action": "s3:NoSuch*"}, BAD_ACTION),
        ({"Action": "s3:ListAllMyBuckets"}, BAD_ACTION),
        ({"Action": "ec2:RunInstances"}, BAD_ACTION),
        ({"Action": "GetObject"}, BAD_ACTION),
        ({"Action": ""}, BAD_ACTION),
        ({"Action": ["s3:GetObject", "s3:Foo"]}, BAD_ACTION),
        ({"Action": 7}, SYNTAX),
        ({"Action": None}, SYNTAX),
        ({"NotAction": "s3:GetObject"}, SYNTAX),
        ({"Resource": GONE}, NO_RESOURCE),
        ({"Resource": []}, NO_RESOURCE),
        ({"Resource": "*"}, BAD_RESOURCE),
        ({"Resource": "arn:aws:s3:::*"}, BAD_RESOURCE),
        ({"Resource": "arn:aws:s3:::c/*"}, BAD_RESOURCE),
        ({"Resource": "arn:aws:s3:::bb/*"}, BAD_RESOURCE),
        ({"Resource": "b/*"}, BAD_RESOURCE),
        ({"Resource": "arn:aws:s3:::b/${aws:username"}, BAD_RESOURCE),
        ({"Resource": [OBJECTS, "arn:aws:s3:::c"]}, BAD_RESOURCE),
        ({"Resource": {"a": "b"}}, SYNTAX),
        ({"Resource": "arn:aws:s3:::b"}, NO_ACCORD),
        ({"Action": "s3:ListBucket"}, NO_ACCORD),
        ({"Action": ["s3:GetObject", "s3:ListBucket"]}, NO_ACCORD),
        ({"Condition": []}, SYNTAX),
        ({"Condition": {"StringEquals": []}}, SYNTAX),
        ({"Condition": {"StringEquals": {"aws:Referer": None}}}, SYNTAX),
        ({"Condition": {"StringEquals": {"aws:Referer": {}}}}, SYNTAX),
        ({"Condition": {"StringEquals": {"aws:Referer": []}}}, SYNTAX),
        ({"Condition": {"StringEqual": {"aws:Referer": "x"}}}, "Invalid Condition type : StringEqual"),
        ({"Condition": {"StringEquals": {"aws:Refer": "x"}}}, "Policy has an invalid condition key"),
        ({"Condition": {"StringEquals": {"prefix": "x"}}}, "Policy has an invalid condition key"),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/40"}}}, SYNTAX),
    ],
)
def test_statements_refused(fields: dict[str, Any], told: str) -> None:
    assert refusal(varied(GET, **fields)) == told


NO_KEY = "Conditions do not apply to combination of actions and resources in statement"


@pytest.mark.parametrize(
    ("action", "key", "is_stored"),
    [
        ("s3:ListBucket", "s3:prefix", True),
        ("s3:List*", "s3:prefix", True),
        ("s3:*", "s3:prefix", True),
        ("*", "s3:x-amz-acl", True),
        ("s3:GetObject", "s3:prefix", False),
        (["s3:ListBucket", "s3:GetObject"], "s3:prefix", False),
        (["s3:ListBucket", "s3:GetBucketAcl"], "s3:max-keys", False),
        ("s3:GetObject", "s3:ExistingObjectTag/a", True),
        ("s3:PutObject", "s3:ExistingObjectTag/a", False),
        ("s3:PutObject", "s3:RequestObjectTag/a", True),
        ("s3:PutObject", "s3:RequestObjectTagKeys", True),
        ("s3:GetObject", "s3:x-amz-server-side-encryption", False),
        ("s3:GetObject", "s3:VersionId", False),
        ("s3:GetObjectVersion", "s3:versionid", True),
        ("s3:ReplicateObject", "s3:prefix", True),
        ("s3:GetObject", "s3:TlsVersion", True),
        ("s3:GetObject", "s3:DataAccessPointAccount", True),
        ("s3:GetObject", "aws:SourceIp", True),
    ],
)
def test_keys_apply_to_actions(action: Any, key: str, is_stored: bool) -> None:
    text = varied(GET, Action=action, Resource="arn:aws:s3:::b*", Condition={"Null": {key: "false"}})
    if is_stored:
        assert parse_policy(text, BUCKET, bucket="b")
    else:
        assert refusal(text) == NO_KEY
    assert parse_policy(text.replace('"Action"', '"NotAction"'), BUCKET, bucket="b")


def test_both_kinds_of_resources_serve_both_kinds_of_actions() -> None:
    both = {"Action": ["s3:GetObject", "s3:ListBucket"]}
    assert parse_policy(varied(GET, **both, Resource=["arn:aws:s3:::b", OBJECTS]), BUCKET, bucket="b")
    assert parse_policy(varied(GET, **both, Resource="arn:aws:s3:::b*"), BUCKET, bucket="b")


@pytest.mark.parametrize(
    ("kind", "base", "fields", "told"),
    [
        (IDENTITY, MAY, {"Principal": "*"}, "Has prohibited field Principal"),
        (IDENTITY, MAY, {"NotPrincipal": "*"}, "Has prohibited field NotPrincipal"),
        (IDENTITY, MAY, {"Colour": "x"}, "Syntax errors in policy."),
        (IDENTITY, MAY, {"Effect": "allow"}, "The policy failed legacy parsing"),
        (IDENTITY, MAY, {"Action": GONE}, "Policy statement must contain actions."),
        (IDENTITY, MAY, {"Resource": GONE}, "Policy statement must contain resources."),
        (
            IDENTITY,
            MAY,
            {"Action": "GetObject"},
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (IDENTITY, MAY, {"Resource": "b"}, 'Resource b must be in ARN format or "*".'),
        (IDENTITY, MAY, {"Resource": "arn:aws:s3"}, 'Resource arn:aws:s3 must be in ARN format or "*".'),
        (
            IDENTITY,
            MAY,
            {"Resource": "arn:aws:iam::${aws:x}:user/a"},
            'Resource arn:aws:iam::${aws:x}:user/a must be in ARN format or "*".',
        ),
        (
            IDENTITY,
            MAY,
            {"Sid": "not one"},
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*",
        ),
        (TRUST, TRUSTED, {"Resource": "*"}, "Has prohibited field Resource"),
        (TRUST, TRUSTED, {"Principal": GONE}, "Missing required field Principal"),
        (TRUST, TRUSTED, {"Action": "*"}, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (TRUST, TRUSTED, {"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions."),
        (TRUST, TRUSTED, {"Principal": {"CanonicalUser": "0" * 64}}, "Invalid principal in policy: CanonicalUser"),
        (
            TRUST,
            TRUSTED,
            {"Principal": {"AWS": "arn:aws:iam::*:root"}},
            "Invalid principal in policy: arn:aws:iam::*:root",
        ),
    ],
)
def test_statements_refused_elsewhere(
    kind: PolicyKind, base: dict[str, Any], fields: dict[str, Any], told: str
) -> None:
    assert refusal(varied(base, **fields), kind) == told


def test_names_of_statements_are_unique_elsewhere() -> None:
    told = refusal(document([MAY | {"Sid": "a"}, MAY | {"Sid": "a"}]), IDENTITY)
    assert told == "Statement IDs (SID) in a single policy must be unique."


def test_a_version_that_is_none() -> None:
    told = refusal(json.dumps({"Version": "x", "Statement": MAY}), IDENTITY)
    assert told == "Policy document must be version 2012-10-17 or greater."


def test_braces_in_what_is_told() -> None:
    assert refusal(varied(GET, Effect="{0}")) == "Invalid effect: {0}"


def test_white_space_does_not_count() -> None:
    assert characters_of('{ "a" :\n"b c" }') == len('{"a":"bc"}')
