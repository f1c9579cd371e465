"""Policies that somebody bent, broke or made up: each is stored or refused in AWS's words, and then judges anything.

``python -m tests.fuzz.policies --count 50000 [--seed N]`` goes on for longer than the test suite does.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from trug.access.evaluate import Question, Sources, considered, decide, judge
from trug.access.policy import Policy, PolicyError, PolicyKind, parse_policy
from trug.access.publicity import is_public
from trug.domain.identity import ANONYMOUS, Account, Identity, Session, canonical_id_of

HOME = Account("111111111111", canonical_id_of("111111111111"))
CALLERS = (
    ANONYMOUS,
    Identity(HOME),
    Identity(HOME, user="bob", id="AIDABOB"),
    Identity(HOME, role="r", id="AROAR", session=Session(0, 1, name="s")),
)
VALUES = {
    "aws:username": ("b*b",),
    "aws:sourceip": ("10.1.2.3",),
    "aws:currenttime": ("2026-11-21T21:05:26Z",),
    "aws:tagkeys": ("a", "b"),
    "s3:prefix": ("",),
    "s3:max-keys": ("10",),
    "aws:securetransport": ("true",),
    "aws:sourcearn": ("arn:aws:s3:::b",),
}
ACTIONS = ("s3:GetObject", "s3:ListBucket", "sts:AssumeRole", "")
RESOURCES = ("arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/\U0001f600\n", "*", "")
GOOD = (
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
    {
        "Sid": "x",
        "Effect": "Deny",
        "NotPrincipal": {"AWS": ["111111111111", "arn:aws:iam::111111111111:user/bob"]},
        "NotAction": ["s3:Get*", "s3:ListBucket"],
        "NotResource": ["arn:aws:s3:::b/${aws:username}/*"],
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com", "CanonicalUser": "0" * 64},
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        "Condition": {
            "StringLike": {"s3:prefix": ["", "a*", "${aws:username, 'x'}/?"]},
            "NumericLessThanEqualsIfExists": {"s3:max-keys": 10},
            "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]},
            "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
            "ForAllValues:StringNotEquals": {"aws:TagKeys": ["c"]},
            "ArnLike": {"aws:SourceArn": "arn:aws:s3:::b*"},
            "Bool": {"aws:SecureTransport": True},
            "Null": {"aws:Referer": "true"},
        },
    },
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Action": ["s3:*", "iam:Get*"], "Resource": "*"},
)
TEXTS = (
    *(
        "",
        "*",
        "?",
        "${",
        "${}",
        "${*}",
        "${aws:username}",
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::",
        "s3:*",
        "s3:Get?bject",
    ),
    *("\x00", "\ud800", "\U0001f600", "a" * 300, "**" * 40, "?*" * 40, "${a, '" + "''" * 40, ":" * 40, "Allow", "Deny"),
    *("2008-10-17", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2026-01-01", "1e9", "NaN", "true", "111111111111"),
)
KEYS = (
    *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource"),
    *("NotResource", "Condition", "AWS", "Service", "Federated", "CanonicalUser", "StringEquals", "StringNotLike"),
    *(
        "ForAnyValue:StringLike",
        "NumericEquals",
        "DateLessThan",
        "IpAddress",
        "ArnLike",
        "Null",
        "Bool",
        "BinaryEquals",
    ),
    *("aws:username", "aws:SourceIp", "s3:prefix", "s3:ExistingObjectTag/${x}", "", "*"),
)


def documents(count: int, seed: int) -> Iterator[bytes]:
    """Valid documents with a few mutations of their values, of their text, and values of any kind."""
    chance = random.Random(seed)
    makers: tuple[Callable[[random.Random], bytes], ...] = (bent, bent, bent, broken, made_up)
    for _ in range(count):
        yield chance.choice(makers)(chance)


def bent(chance: random.Random) -> bytes:
    good = chance.choice((GOOD[:3], GOOD[:3], GOOD[3:4], GOOD[4:]))
    statements = [json.loads(json.dumps(chance.choice(good))) for _ in range(chance.randint(1, 3))]
    document: Any = {"Version": chance.choice(("2012-10-17", "2008-10-17")), "Statement": statements}
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        bend(document, chance)
    return json.dumps(document).encode()


def bend(value: Any, chance: random.Random) -> None:
    """Somewhere inside, one thing goes, comes or changes."""
    while True:
        places = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        inner = [each for _, each in places if isinstance(each, dict | list) and each]
        if not inner or chance.random() < 0.3:
            break
        value = chance.choice(inner)
    if places and chance.random() < 0.3:
        del value[chance.choice(places)[0]]
    elif places and chance.random() < 0.5:
        value[chance.choice(places)[0]] = anything(chance, 2)
    elif isinstance(value, dict):
        value[chance.choice(KEYS)] = anything(chance, 2)
    else:
        value.append(anything(chance, 2))


def broken(chance: random.Random) -> bytes:
    text = bytearray(bent(chance))
    for _ in range(chance.randint(1, 4)):
        place = chance.randint(0, len(text))
        text[place : place + chance.randint(0, 3)] = chance.choice(
            (b"", b'"', b"{", b"[", b"\\u", b"\xff", b",", b"${")
        )
    return bytes(text) or b"{"


def made_up(chance: random.Random) -> bytes:
    return json.dumps({chance.choice(KEYS): anything(chance, 4) for _ in range(chance.randint(0, 4))}).encode()


def anything(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(8 if depth else 6)
    if kind < 3:
        return chance.choice(TEXTS) + chance.choice(("", *TEXTS))
    if kind < 6:
        return chance.choice((None, True, False, 0, -1, 10**400, 1.5, [], {}))
    inner = [anything(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    return inner if kind == 6 else {chance.choice(KEYS): each for each in inner}


def run(count: int, seed: int) -> Counter[str]:
    """How many were stored, and how many refused with which words. Whatever else is raised goes through."""
    told: Counter[str] = Counter()
    for text in documents(count, seed):
        for kind in PolicyKind:
            try:
                policy = parse_policy(text, kind, bucket="b" if kind is PolicyKind.BUCKET else "")
            except PolicyError as error:
                told[str(error)[:20]] += 1
                continue
            told["stored"] += 1
            exercise(policy)
    return told


def exercise(policy: Policy) -> None:
    """Whatever is stored can be asked anything, and what it says agrees with itself."""
    assert parse_policy(policy.text, policy.kind).needs == policy.needs
    assert is_public(policy) in (True, False)
    is_of_resource = policy.kind in (PolicyKind.BUCKET, PolicyKind.TRUST)
    sources = Sources(resource=policy) if is_of_resource else Sources(policies=(policy,))
    for action, resource in zip(ACTIONS, RESOURCES, strict=False):
        for identity in CALLERS:
            question = Question(identity, action, resource, VALUES.get)
            fitting = {each.statement.effect for each in considered(question, sources) if each.mismatch is None}
            verdict = judge(policy, question)
            assert verdict.effect.value == max((effect.value for effect in fitting), default="")
            decide(question, sources)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.policies", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    for told, count in run(options.count, options.seed).most_common():
        print(f"{count:8} {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
