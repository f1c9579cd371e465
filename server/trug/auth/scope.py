"""Credential scopes: for which day, region and service a key was used."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trug.auth.refusals import headers_not_signed, unknown_key
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen

TERMINATOR = "aws4_request"
DAY = re.compile(r"[0-9]{8}")
GLOBAL_REGION = "us-east-1"
GLOBALLY = frozenset({GLOBAL_REGION})
BESIDES: Mapping[str, frozenset[str]] = {"s3": frozenset(), "sts": GLOBALLY | {""}}
"""Regions that a service may be signed for wherever this is; MinIO's clients sign for STS without naming any."""


@frozen
class Place:
    """Where a signature stood, which decides how S3 complains about it."""

    code: ErrorCode
    about_credential: str

    def refusal(self, text: str, *, region: str | None = None) -> S3Error:
        return S3Error(self.code, text, fields=None if region is None else {"Region": region})

    def bad_credential(self, text: str, *, region: str | None = None) -> S3Error:
        return self.refusal(f"{self.about_credential}; {text}", region=region)


IN_HEADER = Place(ErrorCode.AuthorizationHeaderMalformed, "The authorization header is malformed")
IN_QUERY = Place(ErrorCode.AuthorizationQueryParametersError, "Error parsing the X-Amz-Credential parameter")


@frozen
class Scope:
    """Whose key, and for what; ``text`` is the scope as it is signed (``20261121/us-east-1/s3/aws4_request``)."""

    access_key: str
    day: str
    region: str
    service: str
    text: str


def read_scope(credential: str, service: str, regions: tuple[str, ...], place: Place) -> Scope:
    """Read ``KEY/20261121/us-east-1/s3/aws4_request``; keys may hold slashes. Refuses what is not meant for us."""
    parts = credential.rsplit("/", 4)
    if len(parts) != 5:
        raise place.bad_credential(
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    access_key, day, region, of_service, terminator = parts
    if not access_key:
        raise place.bad_credential("a non-empty Access Key (AKID) must be provided in the credential.")
    if not DAY.fullmatch(day):
        raise place.bad_credential(
            f'incorrect date format "{day}". This date in the credential must be in the format "yyyyMMdd".'
        )
    if terminator != TERMINATOR:
        raise place.bad_credential(f'incorrect terminal "{terminator}". This endpoint uses "{TERMINATOR}".')
    if of_service != service:
        raise place.bad_credential(f'incorrect service "{of_service}". This endpoint belongs to "{service}".')
    if region not in regions and region not in BESIDES.get(service, GLOBALLY):
        raise place.bad_credential(f"the region '{region}' is wrong; expecting '{regions[0]}'", region=regions[0])
    if not access_key.isprintable():
        raise unknown_key(access_key)
    return Scope(access_key, day, region, service, f"{day}/{region}/{service}/{terminator}")


def read_signed_headers(text: str, place: Place) -> tuple[str, ...]:
    """The names in ``SignedHeaders``: lower-case, each once, sorted, ``host`` among them."""
    names = tuple(text.split(";"))
    if "" in names or text != text.lower() or sorted(set(names)) != list(names):
        raise place.refusal("SignedHeaders must be lower-case names of headers, each once, in alphabetical order.")
    if "host" not in names:
        raise headers_not_signed(["host"])
    return names
