"""Host and raw path → Target, path style and virtual-hosted style."""

from __future__ import annotations

from collections.abc import Iterable

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.keys import MAX_KEY_BYTES, check_key, decode_key
from trug.wire.request import Target

ACCELERATE = "s3-accelerate"


def target_of(
    path: str,
    host: str,
    domains: tuple[str, ...],
    *,
    sites: tuple[str, ...] = (),
    accelerated: tuple[str, ...] = (),
    mount: str = "",
) -> Target:
    """What a request is about ("Virtual hosting of buckets" in the Amazon S3 user guide).

    ``path`` is raw: percent-encoded, without query; ``host`` the Host header's value; ``domains`` lower-case names
    under which buckets are hosts, longest first, ``sites`` those under which their websites are, and ``accelerated``
    those of Transfer Acceleration; ``mount`` the raw path of the place this server is mounted at.
    ``/bucket`` and ``/bucket/`` are the bucket. InvalidURI for what is not a path in origin form or does not decode to
    UTF-8; keys that S3 does not take are refused as ``check_key`` does. InvalidRequest for acceleration without
    a bucket in the host.
    """
    rest = path.removeprefix(mount) if mount else path
    if not rest.startswith("/") or "#" in path:
        raise S3Error(ErrorCode.InvalidURI, fields={"URI": path})
    if sites and (site := hosted_site(host, sites, domains)) is not None:
        return Target(site, _key(rest[1:]), path, is_virtual=True, is_website=True)
    if accelerated and ACCELERATE in host.lower() and (fast := accelerated_bucket(host, accelerated)) is not None:
        return Target(fast, _key(rest[1:]), path, is_virtual=True, is_accelerated=True)
    hosted = hosted_bucket(host, domains) if domains else None
    if hosted is not None:
        return Target(hosted, _key(rest[1:]), path, is_virtual=True)
    if rest == "/":
        return Target(None, None, path)
    bucket, _, key = rest[1:].partition("/")
    if not bucket:
        raise S3Error(ErrorCode.InvalidBucketName, fields={"BucketName": ""})
    return Target(bucket if path.isascii() and "%" not in path else decode_key(bucket), _key(key), path)


def _key(raw: str) -> str | None:
    if not raw:
        return None
    if len(raw) <= MAX_KEY_BYTES and "%" not in raw and ".." not in raw and "\0" not in raw:
        return raw  # nearly all keys: nothing to decode, and nothing that could be wrong
    key = decode_key(raw)
    check_key(key)
    return key


def hosted_bucket(host: str, domains: tuple[str, ...]) -> str | None:
    """The bucket that a Host header names under one of ``domains``; None when it names none."""
    name = _name_of(host)
    if name in domains:
        return None
    for domain in domains:
        if name.endswith(domain) and name[: -len(domain)].endswith("."):
            return name[: -len(domain) - 1] or None
    return None


def accelerated_domains(domains: Iterable[str]) -> tuple[str, ...]:
    """Under which names buckets are hosts of Transfer Acceleration where they are hosts under ``domains``.

    AWS's are ``s3-accelerate.amazonaws.com`` and ``s3-accelerate.dualstack.amazonaws.com`` beside ``s3.amazonaws.com``.
    """
    beside = [domain.removeprefix("s3.") for domain in domains if domain.startswith("s3.")]
    return tuple([f"{ACCELERATE}.{kind}{domain}" for domain in (*domains, *beside) for kind in ("", "dualstack.")])


def accelerated_bucket(host: str, accelerated: tuple[str, ...]) -> str | None:
    """The bucket whose host of Transfer Acceleration this is; None when it is no such host. InvalidRequest for the
    endpoint itself, which takes no path style ("Error responses")."""
    if _name_of(host) in accelerated:
        text = "The S3 Transfer Acceleration endpoint supports only virtual style requests"
        raise S3Error(ErrorCode.InvalidRequest, text)
    return hosted_bucket(host, accelerated)


def hosted_site(host: str, sites: tuple[str, ...], domains: tuple[str, ...]) -> str | None:
    """The bucket whose website a Host header names; of a site and a domain that both fit, the more specific counts."""
    site = hosted_bucket(host, sites)
    if site is None or _name_of(host) in domains:
        return None
    hosted = hosted_bucket(host, domains)
    return site if hosted is None or len(site) < len(hosted) else None


def _name_of(host: str) -> str:
    """The Host header without its port, lower-case; an IPv6 address keeps its brackets."""
    name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return name.lower().removesuffix(".")
