"""Policies as they are put: what AWS would not take is refused with its code; and as they act, compiled."""

from __future__ import annotations

import json
from functools import lru_cache

from trug.access.policy import NEWER, Policy, PolicyError, PolicyKind, parse_policy
from trug.iam.limits import DOCUMENT_CHARACTERS, MANAGED_CHARACTERS, TRUST_CHARACTERS, weight
from trug.iam.refusals import IamCode, IamError, malformed, over_quota
from trug.ports.stores import Damaged

MOST_COMPILED = 2000
"""How many policies are kept compiled: most people share theirs with many."""


def check_document(text: str, kind: PolicyKind, account: str) -> str:
    """The document, if it is a policy of this kind. IamError (MalformedPolicyDocument, ValidationError)."""
    if not 0 < len(text) <= DOCUMENT_CHARACTERS:
        raise malformed("policyDocument", text[:64], f"Member must have length between 1 and {DOCUMENT_CHARACTERS}")
    try:
        parse_policy(text, kind, account=account)
    except PolicyError as error:
        raise IamError(str(error), IamCode.MalformedPolicyDocument) from error
    return text


def check_managed(text: str, account: str) -> str:
    """The document of a managed policy."""
    if weight(check_document(text, PolicyKind.IDENTITY, account)) > MANAGED_CHARACTERS:
        raise over_quota("PolicySize", MANAGED_CHARACTERS)
    return text


def check_trust(text: str, account: str) -> str:
    """A role's trust policy."""
    if weight(check_document(text, PolicyKind.TRUST, account)) > TRUST_CHARACTERS:
        raise over_quota("ACLSizePerRole", TRUST_CHARACTERS)
    return text


def is_empty(text: str) -> bool:
    """Whether a document is a policy but for having no statement: --init may declare such a one, that gives nothing."""
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return document in ({"Version": NEWER, "Statement": []}, {"Statement": []})


@lru_cache(MOST_COMPILED)
def compiled(text: str, kind: PolicyKind, account: str, name: str) -> Policy:
    """A policy that was put. Damaged where it is none: nobody may do anything by half of what is said of him."""
    if is_empty(text):
        return Policy(kind, NEWER, "", (), text, frozenset(), name)
    try:
        return parse_policy(text, kind, account=account, name=name)
    except PolicyError as error:
        raise Damaged(f"the policy {name} of account {account} cannot be read: {error}") from error
