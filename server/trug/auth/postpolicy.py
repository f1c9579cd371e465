"""Policies of forms: what the holder of a key let others upload, and whether a form keeps to it.

Follows "Browser-based uploads using POST" of the Amazon S3 API reference (signature version 4) and "HTML forms" of the
user guide (version 2).
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from trug.auth import refusals
from trug.auth.claim import is_signed_by
from trug.auth.credentials import TOKEN, credential_of
from trug.auth.presigned import check_algorithm
from trug.auth.scope import IN_QUERY, read_scope
from trug.auth.signing import SigningKeys
from trug.auth.sigv2 import signed_by
from trug.auth.times import stamped
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import ANONYMOUS, Identity
from trug.ports.keys import Clock, CredentialStore
from trug.wire.dates import parse_iso
from trug.wire.form import missing_field
from trug.wire.query import DIGITS

ALGORITHM, CREDENTIAL, DATE, SIGNATURE = "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"
SIGNATURE_V2, ACCESS_KEY_V2 = "signature", "awsaccesskeyid"
OF_V4 = frozenset({ALGORITHM, CREDENTIAL, SIGNATURE})
OF_V2 = frozenset({SIGNATURE_V2, ACCESS_KEY_V2})
POLICY = "policy"
UNCOVERED = frozenset({POLICY, SIGNATURE, SIGNATURE_V2, ACCESS_KEY_V2})
"""Fields that no condition must speak of. All others, and the bucket, must be in one."""
IGNORED_PREFIX = "x-ignore-"
LISTED = "content-type"
"""The one field whose value counts as a list for ``starts-with``: each of them must begin so."""
RANGE = "content-length-range"
EQUALS, STARTS_WITH = "eq", "starts-with"
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
NOT_OF_JSON = {"$": "$", "v": "\\u000b"}
"""What policies may escape besides what JSON lets them."""
LARGEST = 2**63


class Condition(NamedTuple):
    """One condition on a field, by lower-case name; ``shown`` as the policy spells it, for who fails it."""

    operator: str
    field: str
    value: str
    shown: str

    def holds(self, fields: Mapping[str, str]) -> bool:
        """A field that is absent meets no condition, not even to begin with nothing."""
        given = fields.get(self.field)
        if given is None:
            return False
        if self.operator == EQUALS:
            return given == self.value
        values = map(str.strip, given.split(",")) if self.field == LISTED else (given,)
        return all(value.startswith(self.value) for value in values)


@frozen
class Policy:
    """A policy as written: ``expires`` in µs since 1970; the file's bytes from ``smallest`` to ``largest``."""

    expires: int
    conditions: tuple[Condition, ...]
    smallest: int = 0
    largest: int = LARGEST

    def check(self, fields: Mapping[str, str], now: int) -> None:
        """AccessDenied for a form that the policy does not allow."""
        if now > self.expires:
            raise _denied("Policy expired.")
        for condition in self.conditions:
            if not condition.holds(fields):
                raise _denied(f"Policy Condition failed: {condition.shown}")
        covered = {condition.field for condition in self.conditions}
        extra = [name for name in fields if name not in covered and _must_be_covered(name)]
        if extra:
            raise _denied(f"Extra input fields: {', '.join(extra)}")


@frozen
class Permit:
    """Who lets a form be uploaded, and of how many bytes its file may be."""

    identity: Identity = ANONYMOUS
    smallest: int = 0
    largest: int = LARGEST


class PostPolicies:
    """Verifies the signatures and the policies of forms. One without both is nobody's."""

    def __init__(self, credentials: CredentialStore, keys: SigningKeys, clock: Clock, regions: tuple[str, ...]) -> None:
        self._credentials = credentials
        self._keys = keys
        self._clock = clock
        self._regions = regions

    async def verify(self, fields: Mapping[str, str], bucket: str) -> Permit:
        """``fields`` by lower-case name, as they will be used; ``bucket`` is the one that the form was sent to.

        SignatureDoesNotMatch and its kin, InvalidPolicyDocument, AccessDenied for what the policy does not allow.
        """
        is_v4, is_v2 = not OF_V4.isdisjoint(fields), not OF_V2.isdisjoint(fields)
        if is_v4 and is_v2:
            raise refusals.one_mechanism_only(fields.get(SIGNATURE_V2, ""))
        if not is_v4 and not is_v2 and POLICY not in fields:
            if TOKEN in fields:
                raise refusals.bad_token()
            return Permit()
        identity = await (self._signed_v4(fields) if is_v4 else self._signed_v2(fields))
        if fields.get("bucket", bucket) != bucket:
            raise _denied(f"Policy Condition failed: {_shown(EQUALS, '$bucket', bucket)}")
        policy = read_policy(fields[POLICY])
        policy.check({**fields, "bucket": bucket}, self._clock.now())
        return Permit(identity, policy.smallest, policy.largest)

    async def _signed_v4(self, fields: Mapping[str, str]) -> Identity:
        policy, algorithm, credential_text, date, signature = _required(
            fields, POLICY, ALGORITHM, CREDENTIAL, DATE, SIGNATURE
        )
        check_algorithm(algorithm)
        scope = read_scope(credential_text, "s3", self._regions, IN_QUERY)
        try:
            stamped(date)
        except ValueError as error:
            raise refusals.no_valid_date() from error
        if not date.startswith(scope.day):
            raise refusals.other_day(scope.access_key, scope.day, date)
        credential = await credential_of(self._credentials, self._clock, scope.access_key, fields.get(TOKEN))
        key = self._keys.of(credential, scope)
        if not is_signed_by(key, policy, signature):
            raise refusals.mismatch(scope.access_key, told(fields), signature)
        return key.identity

    async def _signed_v2(self, fields: Mapping[str, str]) -> Identity:
        policy, access_key, signature = _required(fields, POLICY, ACCESS_KEY_V2, SIGNATURE_V2)
        if not access_key.isprintable():
            raise refusals.unknown_key(access_key)
        credential = await credential_of(self._credentials, self._clock, access_key, fields.get(TOKEN))
        if not hmac.compare_digest(signed_by(credential, policy), signature.encode("utf-8", "replace")):
            raise refusals.mismatch(access_key, told(fields), signature)
        return credential.identity


SPELLED = {
    ALGORITHM: "X-Amz-Algorithm",
    CREDENTIAL: "X-Amz-Credential",
    DATE: "X-Amz-Date",
    SIGNATURE: "X-Amz-Signature",
    ACCESS_KEY_V2: "AWSAccessKeyId",
}


def told(fields: Mapping[str, str]) -> str:
    """The policy, which is what was signed; not one that has a session's token inside."""
    return "***" if TOKEN in fields else fields[POLICY]


def _required(fields: Mapping[str, str], *names: str) -> list[str]:
    for name in names:
        if not fields.get(name):
            raise missing_field(SPELLED.get(name, name))
    return [fields[name] for name in names]


# --- the document ---------------------------------------------------------------------------------------------------


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    expiration: str
    conditions: list[dict[str, str] | list[str | int]]


_DECODER = msgspec.json.Decoder(_Document)


def read_policy(encoded: str) -> Policy:
    """The policy in base64. InvalidPolicyDocument for what is none."""
    try:
        text = b64decode(encoded.encode(), validate=True).decode("utf-8")
        document = _DECODER.decode(ESCAPE.sub(_as_json, text))
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError) as error:
        raise _invalid("Invalid JSON.") from error
    expires = parse_iso(document.expiration)
    if expires is None or not document.expiration.endswith("Z"):
        raise _invalid(f"Invalid 'expiration' value: '{document.expiration}'")
    ranges = [_range(item) for item in document.conditions if _is_range(item)]
    return Policy(
        expires,
        tuple(_condition(item) for item in document.conditions if not _is_range(item)),
        smallest=max((low for low, _ in ranges), default=0),
        largest=min((high for _, high in ranges), default=LARGEST),
    )


def _as_json(escape: re.Match[str]) -> str:
    return NOT_OF_JSON.get(escape[1], escape[0])


def _is_range(item: dict[str, str] | list[str | int]) -> bool:
    return isinstance(item, list) and bool(item) and str(item[0]).lower() == RANGE


def _range(item: Iterable[str | int]) -> tuple[int, int]:
    _, *bounds = map(str, item)
    if len(bounds) != 2 or not all(map(DIGITS.match, bounds)):
        raise _invalid("Invalid content-length-range: two sizes in bytes are expected.")
    return int(bounds[0]), int(bounds[1])


def _condition(item: dict[str, str] | list[str | int]) -> Condition:
    if isinstance(item, dict):
        if len(item) != 1:
            raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        ((name, value),) = item.items()
        return Condition(EQUALS, name.lower(), value, _shown(EQUALS, f"${name}", value))
    if len(item) != 3 or not all(isinstance(part, str) for part in item):
        raise _invalid("Invalid Condition: an operator, a field and a value are expected.")
    operator, name, value = map(str, item)
    if operator.lower() not in (EQUALS, STARTS_WITH):
        raise _invalid(f"Invalid Condition: unknown operation '{operator}'.")
    if not name.startswith("$"):
        raise _invalid(f"Invalid Condition: the field '{name}' must begin with '$'.")
    return Condition(operator.lower(), name[1:].lower(), value, _shown(operator, name, value))


def _must_be_covered(name: str) -> bool:
    return name not in UNCOVERED and not name.startswith(IGNORED_PREFIX)


def _shown(*parts: str) -> str:
    return f"[{', '.join(msgspec.json.encode(part).decode() for part in parts)}]"


def _denied(reason: str) -> S3Error:
    return S3Error(ErrorCode.AccessDenied, f"Invalid according to Policy: {reason}")


def _invalid(reason: str) -> S3Error:
    return S3Error(ErrorCode.InvalidPolicyDocument, f"Invalid Policy: {reason}")
