"""Policies: read from JSON, checked as AWS checks them when they are put, and compiled once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from trug.access.conditions import Condition, OperandError, OperatorError, condition
from trug.access.patterns import (
    PatternError,
    Piece,
    Variable,
    Wildcard,
    constant,
    matcher,
    patterns,
    pieces_of,
    variables_of,
)
from trug.access.resources import COMMON, RESOURCES
from trug.access.statements import Effect, Policy, PolicyKind, Principals, Statement, named, root_arn
from trug.access.vocabulary import BUCKET_ACTIONS, OBJECT_ACTIONS, TRUST_ACTIONS, is_known_key

__all__ = ["Effect", "Policy", "PolicyError", "PolicyKind", "Principals", "Statement", "characters_of", "parse_policy"]

OLDER = "2008-10-17"
"""The language without variables, and what a policy is in that does not say."""
NEWER = "2012-10-17"
VERSIONS = (OLDER, NEWER)
LARGEST_BUCKET_POLICY = 20 << 10
"""Bytes."""
LARGEST = 128 << 10
"""Bytes of any other; IAM has its own limits, in ``characters_of``."""


class PolicyError(Exception):
    """A document that AWS would not store; the text is AWS's."""


# --- what is refused ------------------------------------------------------------------------------------------------


class Fault(Enum):
    """What is wrong with a document, as S3 says it of a bucket's policy and as IAM and STS say it of any other."""

    FIRST_BYTE = ("Policies must be valid JSON and the first byte must be '{{'", "Syntax errors in policy.")
    JSON = ("This policy contains invalid Json", "Syntax errors in policy.")
    SIZE = ("Policy exceeds the maximum allowed document size.", "Policy exceeds the maximum allowed document size.")
    SYNTAX = ("Invalid policy syntax.", "Syntax errors in policy.")
    UNKNOWN = ("Unknown field {}", "Syntax errors in policy.")
    PROHIBITED = ("Unknown field {}", "Has prohibited field {}")
    VERSION = (
        "The policy must contain a valid version string",
        "Policy document must be version 2012-10-17 or greater.",
    )
    MISSING = ("Missing required field {}", "Missing required field {}")
    NO_STATEMENT = ("Could not parse the policy: Statement is empty!", "Syntax errors in policy.")
    EFFECT = ("Invalid effect: {}", "The policy failed legacy parsing")
    SID = (
        "Invalid policy syntax.",
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
        "[0-9A-Za-z]*",
    )
    SAME_SID = ("Invalid policy syntax.", "Statement IDs (SID) in a single policy must be unique.")
    NO_PRINCIPAL = ("Missing required field Principal cannot be empty!", "Missing required field Principal")
    PRINCIPAL = ("Invalid principal in policy", "Invalid principal in policy: {}")
    NO_ACTION = ("Missing required field Action", "Policy statement must contain actions.")
    ACTION = (
        "Policy has invalid action",
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    )
    TRUST_ACTION = ("", "AssumeRole policy may only specify STS AssumeRole actions.")
    NO_RESOURCE = ("Missing required field Resource", "Policy statement must contain resources.")
    RESOURCE = ("Policy has invalid resource", 'Resource {} must be in ARN format or "*".')
    APPLIES = ("Action does not apply to any resource(s) in statement", "")
    KEY_APPLIES = ("Conditions do not apply to combination of actions and resources in statement", "")
    OPERATOR = ("Invalid Condition type : {}", "The policy failed legacy parsing")
    KEY = ("Policy has an invalid condition key", "The policy failed legacy parsing")
    OPERAND = ("Invalid policy syntax.", "The policy failed legacy parsing")


class Scope(NamedTuple):
    """For what a document is read: the kind, the bucket's ARN (empty: any), whether its Version knows variables."""

    kind: PolicyKind
    bucket: str
    has_variables: bool

    def refuse(self, fault: Fault, *details: str) -> NoReturn:
        for_bucket, for_others = fault.value
        text: str = for_bucket if self.kind is PolicyKind.BUCKET else for_others
        raise PolicyError(text.format(*map(_shown, details)))


def _shown(detail: str) -> str:
    """As much of it as an answer may carry, in characters that XML has."""
    return "".join(character if character.isprintable() else "?" for character in detail[:256])


# --- reading --------------------------------------------------------------------------------------------------------

DOCUMENT = frozenset({"Version", "Id", "Statement"})
STATEMENT = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
EFFECTS = {"Allow": Effect.ALLOW, "Deny": Effect.DENY}
WITH_PRINCIPALS = frozenset({PolicyKind.BUCKET, PolicyKind.TRUST})
WITHOUT_RESOURCES = frozenset({PolicyKind.TRUST})
SID = re.compile(r"[0-9A-Za-z]*\Z")


class Numeral(str):
    """A JSON number as it was written: a condition's value, and a text nowhere else."""

    __slots__ = ()


def parse_policy(
    text: str | bytes,
    kind: PolicyKind,
    *,
    bucket: str = "",
    account: str = "",  # noqa: ARG001 - whose it is; nothing that is checked here depends on it
    name: str = "",
) -> Policy:
    """A policy as it is put. PolicyError.

    ``bucket`` is the name of the bucket that a policy of this kind is for (empty: any), ``name`` what the policy is
    called where it has a name ("IAM JSON policy element reference").
    """
    scope = Scope(kind, f"{ARN}{bucket}" if bucket else "", has_variables=False)
    text = _decoded(text, scope)
    document = _loaded(text, scope)
    _check_fields(document, DOCUMENT, scope)
    version = document.get("Version", OLDER)
    if version not in VERSIONS or isinstance(version, Numeral):
        scope.refuse(Fault.VERSION)
    scope = scope._replace(has_variables=version == NEWER)
    identifier = _text(document.get("Id", ""), scope)
    statements = tuple(_statement(item, index, scope) for index, item in enumerate(_items(document, scope)))
    _check_sids(statements, scope)
    needs = frozenset(key.partition("/")[0] for statement in statements for key in statement.needs)
    names = frozenset[str]().union(*(each.principals.names for each in statements if each.principals is not None))
    return Policy(kind, str(version), identifier, statements, text, needs, name, names)


def characters_of(text: str) -> int:
    """How long IAM holds a document to be: its white space does not count ("IAM and AWS STS quotas")."""
    return len("".join(text.split()))


def _decoded(text: str | bytes, scope: Scope) -> str:
    try:
        raw = text if isinstance(text, bytes) else text.encode()
        if len(raw) > (LARGEST_BUCKET_POLICY if scope.kind is PolicyKind.BUCKET else LARGEST):
            scope.refuse(Fault.SIZE)
        if raw[:1] != b"{":
            scope.refuse(Fault.FIRST_BYTE)
        return raw.decode()
    except UnicodeError:
        scope.refuse(Fault.JSON)


def _loaded(text: str, scope: Scope) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            scope.refuse(Fault.JSON)
        return found

    def no_number(_: str) -> NoReturn:
        scope.refuse(Fault.JSON)

    try:
        document = json.loads(
            text, object_pairs_hook=unique, parse_int=Numeral, parse_float=Numeral, parse_constant=no_number
        )
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()  # refuses halves of surrogate pairs
    except (ValueError, RecursionError):
        scope.refuse(Fault.JSON)
    if not isinstance(document, dict):
        scope.refuse(Fault.JSON)
    return document


def _check_fields(element: Mapping[str, Any], known: frozenset[str], scope: Scope) -> None:
    for field in element.keys() - known:
        scope.refuse(Fault.UNKNOWN, field)


def _items(document: Mapping[str, Any], scope: Scope) -> Sequence[Any]:
    if "Statement" not in document:
        scope.refuse(Fault.MISSING, "Statement")
    found = document["Statement"]
    items = found if isinstance(found, list) else [found]
    if not items:
        scope.refuse(Fault.NO_STATEMENT)
    return items


def _statement(item: Any, index: int, scope: Scope) -> Statement:
    if not isinstance(item, dict):
        scope.refuse(Fault.SYNTAX)
    _check_fields(item, STATEMENT, scope)
    effect = _effect(item, scope)
    principals = _principals(item, scope)
    actions, excepts_actions = _actions(item, scope)
    resources, excepts_resources = _resources(item, scope)
    if scope.kind is PolicyKind.BUCKET and not excepts_actions and not excepts_resources:
        _check_applies(actions, resources, scope)
    conditions = _conditions(item.get("Condition", {}), scope)
    if scope.kind is PolicyKind.BUCKET and not excepts_actions:
        _check_keys(actions, conditions, scope)
    needs = frozenset[str]().union(*map(variables_of, resources), *(each.needs for each in conditions))
    return Statement(
        index=index,
        sid=_sid(item, scope),
        effect=effect,
        principals=principals,
        actions=patterns(actions),
        excepts_actions=excepts_actions,
        resources=patterns(resources) if resources else None,
        excepts_resources=excepts_resources,
        conditions=conditions,
        needs=needs,
    )


def _effect(item: Mapping[str, Any], scope: Scope) -> Effect:
    if "Effect" not in item:
        scope.refuse(Fault.MISSING, "Effect")
    effect = EFFECTS.get(item["Effect"]) if isinstance(item["Effect"], str) else None
    if effect is None:
        scope.refuse(Fault.EFFECT, str(item["Effect"]))
    return effect


def _sid(item: Mapping[str, Any], scope: Scope) -> str:
    sid = _text(item.get("Sid", ""), scope)
    if scope.kind is not PolicyKind.BUCKET and not SID.match(sid):
        scope.refuse(Fault.SID)
    return sid


def _check_sids(statements: Sequence[Statement], scope: Scope) -> None:
    """S3 lets two statements have one name, IAM does not."""
    sids = [statement.sid for statement in statements if statement.sid]
    if scope.kind is not PolicyKind.BUCKET and len(set(sids)) < len(sids):
        scope.refuse(Fault.SAME_SID)


def _text(value: Any, scope: Scope) -> str:
    if not isinstance(value, str) or isinstance(value, Numeral):
        scope.refuse(Fault.SYNTAX)
    return value


def _texts(value: Any, scope: Scope) -> list[str]:
    """One text or a list of them."""
    return [_text(each, scope) for each in (value if isinstance(value, list) else [value])]


def _either(item: Mapping[str, Any], field: str, missing: Fault, scope: Scope) -> tuple[Any, bool]:
    """What a field or its negation says, of which there is exactly one, and whether it was the negation."""
    negated = f"Not{field}"
    if field in item and negated in item:
        scope.refuse(Fault.SYNTAX)
    if field not in item and negated not in item:
        scope.refuse(missing, field)
    return (item[negated], True) if negated in item else (item[field], False)


# --- principals -----------------------------------------------------------------------------------------------------

ACCOUNT = re.compile(r"[A-Za-z0-9_$-]{1,128}\Z")
PRINCIPAL_ARN = re.compile(
    r"arn:aws(?:-[a-z-]+)?:"
    r"(?:iam::(?P<account>[A-Za-z0-9_$-]{1,128}):(?:root|(?:user|role)/[^*?/\x00-\x1f][^*?\x00-\x1f]{0,600})"
    r"|sts::[A-Za-z0-9_$-]{1,128}:(?:assumed-role/[^*?/\x00-\x20]{1,128}|federated-user)/[^*?/\x00-\x20]{1,128})\Z"
)
PROVIDER = re.compile(
    r"(?:arn:aws(?:-[a-z-]+)?:iam::[A-Za-z0-9_$-]{1,128}:(?:oidc|saml)-provider/[^*?\x00-\x20]{1,600}"
    r"|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\Z"
)
SERVICE = re.compile(r"[A-Za-z0-9-]{1,128}(?:\.[A-Za-z0-9-]{1,128}){1,8}\Z")
CANONICAL = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
NAMES = {"Federated": PROVIDER, "Service": SERVICE, "CanonicalUser": CANONICAL}
EVERYONE = "*"
ONLY_BUCKETS = frozenset({"CanonicalUser"})


def _principals(item: Mapping[str, Any], scope: Scope) -> Principals | None:
    if scope.kind not in WITH_PRINCIPALS:
        for field in item.keys() & {"Principal", "NotPrincipal"}:
            scope.refuse(Fault.PROHIBITED, field)
        return None
    value, is_negated = _either(item, "Principal", Fault.MISSING, scope)
    if value == EVERYONE:
        return Principals(frozenset(), is_everyone=True, is_negated=is_negated)
    if not isinstance(value, dict):
        scope.refuse(Fault.PRINCIPAL, str(value))
    names = frozenset(name for kind, each in value.items() for name in _names(kind, each, scope))
    if not names:
        scope.refuse(Fault.NO_PRINCIPAL)
    return Principals(names - {EVERYONE}, is_everyone=EVERYONE in names, is_negated=is_negated)


def _names(kind: str, value: Any, scope: Scope) -> Iterable[str]:
    names = _texts(value, scope)
    if kind == "AWS":
        return [_aws_name(name, scope) for name in names]
    form = NAMES.get(kind)
    if form is None or (kind in ONLY_BUCKETS and scope.kind is not PolicyKind.BUCKET):
        scope.refuse(Fault.PRINCIPAL, kind)
    for name in names:
        if not form.match(name):
            scope.refuse(Fault.PRINCIPAL, name)
    return [named(kind, name) for name in names]


def _aws_name(name: str, scope: Scope) -> str:
    """``*``, or an ARN; an account's id stands for that of its root."""
    if name == EVERYONE or PRINCIPAL_ARN.match(name):
        return name
    if not ACCOUNT.match(name):
        scope.refuse(Fault.PRINCIPAL, name)
    return root_arn(name)


# --- actions --------------------------------------------------------------------------------------------------------

ACTION = re.compile(r"[A-Za-z0-9*?-]{1,64}:[A-Za-z0-9*?]{1,128}\Z")
ANYTHING = (Wildcard.MANY,)
FOR_BUCKETS = frozenset(action.lower() for action in BUCKET_ACTIONS)
FOR_OBJECTS = frozenset(action.lower() for action in OBJECT_ACTIONS)
FOR_TRUST = frozenset(action.lower() for action in TRUST_ACTIONS)
Patterned = tuple[Piece, ...]


def _actions(item: Mapping[str, Any], scope: Scope) -> tuple[list[Patterned], bool]:
    value, is_negated = _either(item, "Action", Fault.NO_ACTION, scope)
    actions = [_action(text, scope) for text in _texts(value, scope)]
    if not actions:
        scope.refuse(Fault.NO_ACTION)
    return actions, is_negated


def _action(text: str, scope: Scope) -> Patterned:
    pieces = pieces_of(text.lower(), has_variables=False)
    if pieces == ANYTHING and scope.kind is not PolicyKind.TRUST:
        return pieces
    if not ACTION.match(text):
        scope.refuse(Fault.ACTION)
    if scope.kind is PolicyKind.BUCKET and not (_means(pieces, FOR_BUCKETS) or _means(pieces, FOR_OBJECTS)):
        scope.refuse(Fault.ACTION)
    if scope.kind is PolicyKind.TRUST and not _means(pieces, FOR_TRUST):
        scope.refuse(Fault.TRUST_ACTION)
    return pieces


@lru_cache(4096)
def _means(pieces: Patterned, actions: frozenset[str]) -> bool:
    """Whether a pattern is fit by one of these actions."""
    return any(map(matcher(constant(pieces) or ()), actions))


# --- resources ------------------------------------------------------------------------------------------------------

ARN = "arn:aws:s3:::"
ARN_COLONS = ARN.count(":")
AFTER_BUCKET = ("", "/", "*", "?")


def _resources(item: Mapping[str, Any], scope: Scope) -> tuple[list[Patterned], bool]:
    if scope.kind in WITHOUT_RESOURCES:
        for field in item.keys() & {"Resource", "NotResource"}:
            scope.refuse(Fault.PROHIBITED, field)
        return [], False
    value, is_negated = _either(item, "Resource", Fault.NO_RESOURCE, scope)
    resources = [_resource(text, scope) for text in _texts(value, scope)]
    if not resources:
        scope.refuse(Fault.NO_RESOURCE)
    return resources, is_negated


def _resource(text: str, scope: Scope) -> Patterned:
    is_one = _is_in_bucket(text, scope.bucket) if scope.kind is PolicyKind.BUCKET else _is_resource(text)
    if not is_one:
        scope.refuse(Fault.RESOURCE, text)
    try:
        pieces = pieces_of(text, has_variables=scope.has_variables)
    except PatternError:
        scope.refuse(Fault.RESOURCE, text)
    if not _is_late(pieces):
        scope.refuse(Fault.RESOURCE, text)
    return pieces


def _is_in_bucket(text: str, bucket: str) -> bool:
    """A bucket's ARN, that of something in it, or a pattern that begins with the whole of its name."""
    if not bucket:
        return text.startswith(ARN) and len(text) > len(ARN)
    return text.startswith(bucket) and text[len(bucket) : len(bucket) + 1] in AFTER_BUCKET


def _is_resource(text: str) -> bool:
    return text == "*" or (text.startswith("arn:") and text.count(":") >= ARN_COLONS)


def _is_late(pieces: Patterned) -> bool:
    """Whether variables stand in the last part of an ARN only, as they must."""
    colons = 0
    for piece in pieces:
        if isinstance(piece, Variable) and colons < ARN_COLONS:
            return False
        colons += piece.count(":") if isinstance(piece, str) else 0
    return True


def _check_applies(actions: Sequence[Patterned], resources: Sequence[Patterned], scope: Scope) -> None:
    """Each action must be done to a bucket or to objects, and a resource be one."""
    is_on_bucket = any(_is_bucket(pieces) for pieces in resources)
    is_on_objects = any(_is_in_some(pieces) for pieces in resources)
    for pieces in actions:
        applies = (is_on_bucket and _means(pieces, FOR_BUCKETS)) or (is_on_objects and _means(pieces, FOR_OBJECTS))
        if not applies:
            scope.refuse(Fault.APPLIES)


def _is_bucket(pieces: Patterned) -> bool:
    """Whether a resource may be a bucket: what is certain of it has no ``/``."""
    return not any(isinstance(piece, str) and "/" in piece for piece in pieces)


def _is_in_some(pieces: Patterned) -> bool:
    """Whether a resource may be an object: it has a ``/``, or something that may be one."""
    return not _is_bucket(pieces) or any(not isinstance(piece, str) for piece in pieces)


# --- conditions -----------------------------------------------------------------------------------------------------


def _conditions(block: Any, scope: Scope) -> tuple[Condition, ...]:
    if not isinstance(block, dict):
        scope.refuse(Fault.SYNTAX)
    return tuple(
        _condition(operator, key, value, scope)
        for operator, keys in block.items()
        for key, value in _keys(keys, scope).items()
    )


SPECIFIC_KEYS = frozenset[str]().union(*(entry.keys for entry in RESOURCES.values())) - COMMON
"""Those that some actions have and others have not."""


def _check_keys(actions: Sequence[Patterned], conditions: Sequence[Condition], scope: Scope) -> None:
    """What is asked must be something that each action can be asked, of a pattern one that fits it."""
    asked = SPECIFIC_KEYS.intersection(
        name + slash for name, slash, _ in (each.key.partition("/") for each in conditions)
    )
    for pieces in actions if asked else ():
        known = _keys_of(pieces)
        if known is not None and not asked <= known:
            scope.refuse(Fault.KEY_APPLIES)


@lru_cache(1024)
def _keys_of(pieces: Patterned) -> frozenset[str] | None:
    """The keys of the actions that fit a pattern; None where we do none of them."""
    fits = matcher(constant(pieces) or ())
    found = [entry.keys for action, entry in RESOURCES.items() if fits(action.lower())]
    return frozenset[str]().union(*found) if found else None


def _keys(keys: Any, scope: Scope) -> dict[str, Any]:
    if not isinstance(keys, dict):
        scope.refuse(Fault.SYNTAX)
    return keys


def _condition(operator: str, key: str, value: Any, scope: Scope) -> Condition:
    if ":" not in key or (scope.kind is PolicyKind.BUCKET and not is_known_key(key)):
        scope.refuse(Fault.KEY)
    operands = [_operand(each, scope) for each in (value if isinstance(value, list) else [value])]
    if not operands:
        scope.refuse(Fault.OPERAND)
    try:
        return condition(operator, key, operands, has_variables=scope.has_variables)
    except OperatorError:
        scope.refuse(Fault.OPERATOR, operator)
    except OperandError:
        scope.refuse(Fault.OPERAND)


def _operand(value: Any, scope: Scope) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        scope.refuse(Fault.SYNTAX)
    return str(value)
