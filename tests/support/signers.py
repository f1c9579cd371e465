"""Requests signed by other people's code: botocore and minio-py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

from botocore.auth import HmacV1Auth, HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from minio.credentials import Credentials as MinioCredentials
from minio.signer import presign_v4, sign_v4_s3
from tests.support.requests import wire_request

from trug.ports.keys import Credential
from trug.wire.request import WireRequest

REGION = "us-east-1"
UNSIGNED_BY_CLIENTS = {"User-Agent": "a client", "Accept-Encoding": "identity"}


def botocore_header(
    key: Credential,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
    **wire: str,
) -> WireRequest:
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    S3SigV4Auth(Credentials(key.access_key, key.secret, token), "s3", REGION).add_auth(request)
    return wire_request(method, url, {**UNSIGNED_BY_CLIENTS, **dict(request.headers.items())}, body, **wire)


def botocore_url(
    key: Credential,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    expires: int = 900,
    token: str | None = None,
) -> str:
    request = AWSRequest(method, url, headers=dict(headers or {}))
    S3SigV4QueryAuth(Credentials(key.access_key, key.secret, token), "s3", REGION, expires=expires).add_auth(request)
    return str(request.url)


def sigv2_header(
    key: Credential,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
) -> WireRequest:
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    request.auth_path = urlsplit(url).path
    HmacV1Auth(Credentials(key.access_key, key.secret, token)).add_auth(request)
    return wire_request(method, url, {**UNSIGNED_BY_CLIENTS, **dict(request.headers.items())}, body)


def sigv2_url(
    key: Credential,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    expires: int = 900,
    auth_path: str | None = None,
    token: str | None = None,
) -> str:
    request = AWSRequest(method, url, headers=dict(headers or {}))
    request.auth_path = auth_path or urlsplit(url).path
    HmacV1QueryAuth(Credentials(key.access_key, key.secret, token), expires=expires).add_auth(request)
    return str(request.url)


def minio_header(
    key: Credential, method: str, url: str, now: int, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> WireRequest:
    date, digest = moment(now), sha256(body).hexdigest()
    own = {
        **(headers or {}),
        "Host": urlsplit(url).netloc,
        "x-amz-content-sha256": digest,
        "x-amz-date": date.strftime("%Y%m%dT%H%M%SZ"),
    }
    signed = sign_v4_s3(
        method=method,
        url=urlsplit(url),
        region=REGION,
        headers=own,
        credentials=MinioCredentials(key.access_key, key.secret),
        content_sha256=digest,
        date=date,
    )
    return wire_request(method, url, {**UNSIGNED_BY_CLIENTS, **signed}, body)


def minio_url(key: Credential, method: str, url: str, now: int, *, expires: int = 900) -> str:
    return presign_v4(
        method=method,
        url=urlsplit(url),
        region=REGION,
        credentials=MinioCredentials(key.access_key, key.secret),
        date=moment(now),
        expires=expires,
    ).geturl()


def moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, tz=UTC)
