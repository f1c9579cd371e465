"""Policies as they are put: what AWS would not take is refused with its code."""

from __future__ import annotations

import json
from enum import Enum

from trug.iam.limits import DOCUMENT_CHARACTERS, MANAGED_CHARACTERS, TRUST_CHARACTERS, weight
from trug.iam.refusals import IamCode, IamError, malformed


class PolicyKind(Enum):
    IDENTITY = "identity"
    TRUST = "trust"


def check_document(text: str, kind: PolicyKind, account: str) -> str:
    """The document, if it is a policy of this kind. IamError (MalformedPolicyDocument, ValidationError)."""
    if not text or len(text) > DOCUMENT_CHARACTERS:
        raise malformed("policyDocument", text[:64], "Member must have length between 1 and 131072")
    try:
        json.loads(text)
    except ValueError as error:
        raise IamError("Syntax errors in policy.", IamCode.MalformedPolicyDocument) from error
    return text


def check_managed(text: str, account: str) -> str:
    """The document of a managed policy."""
    if weight(check_document(text, PolicyKind.IDENTITY, account)) > MANAGED_CHARACTERS:
        raise IamError(f"Cannot exceed quota for PolicySize: {MANAGED_CHARACTERS}", IamCode.LimitExceeded)
    return text


def check_trust(text: str, account: str) -> str:
    """A role's trust policy."""
    if weight(check_document(text, PolicyKind.TRUST, account)) > TRUST_CHARACTERS:
        raise IamError(f"Cannot exceed quota for ACLSizePerRole: {TRUST_CHARACTERS}", IamCode.LimitExceeded)
    return text
