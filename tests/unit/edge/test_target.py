"""Where a request's bucket and key come from."""

from __future__ import annotations

import pytest

from trug.domain.errors import S3Error
from trug.edge.target import accelerated_domains, hosted_bucket, target_of

DOMAINS = ("s3.example.com", "example.com")


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        ("/", None, None),
        ("/bucket", "bucket", None),
        ("/bucket/", "bucket", None),
        ("/bucket//", "bucket", "/"),
        ("/bucket/a/", "bucket", "a/"),
        ("/bucket/a//b", "bucket", "a//b"),
        ("/bucket/.", "bucket", "."),
        ("/bucket/a/../b", "bucket", "a/../b"),
        ("/bucket/%2e%2e%2f".replace("%2e%2e%2f", "a%2f%2e%2e%2fb"), "bucket", "a/../b"),
        ("/bucket/%252e", "bucket", "%2e"),
        ("/bucket/a+b%20c", "bucket", "a+b c"),
        ("/bucket/%E2%82%AC/%e2%82%ac", "bucket", "€/€"),
        ("/buck%65t/k", "bucket", "k"),
        ("/-/live", "-", "live"),
    ],
)
def test_path_style(path: str, bucket: str | None, key: str | None) -> None:
    target = target_of(path, "127.0.0.1:9000", DOMAINS)
    assert (target.bucket, target.key, target.path, target.is_virtual) == (bucket, key, path, False)


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("b.s3.example.com", "/", "b", None),
        ("b.s3.example.com:9000", "/k", "b", "k"),
        ("B.S3.Example.COM.", "/k/", "b", "k/"),
        ("a.b.s3.example.com", "//", "a.b", "/"),
        ("b.example.com", "/-/live", "b", "-/live"),
    ],
)
def test_virtual_hosted_style(host: str, path: str, bucket: str, key: str | None) -> None:
    target = target_of(path, host, DOMAINS)
    assert (target.bucket, target.key, target.is_virtual) == (bucket, key, True)


@pytest.mark.parametrize(
    "host",
    ["s3.example.com", "example.com:80", ".example.com", "[::1]:9000", "[::1]", "127.0.0.1", "", "evilexample.com"],
)
def test_hosts_that_name_no_bucket(host: str) -> None:
    assert hosted_bucket(host, DOMAINS) is None


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3-accelerate.amazonaws.com", "b"),
        ("B.S3-Accelerate.AmazonAWS.com.:443", "b"),
        ("b.s3-accelerate.dualstack.amazonaws.com", "b"),
        ("a.b.s3-accelerate.amazonaws.com", "a.b"),
        ("b.s3-accelerate.s3.amazonaws.com", "b"),
    ],
)
def test_transfer_acceleration(host: str, bucket: str) -> None:
    domains = ("s3.amazonaws.com",)
    target = target_of("/k%20y", host, domains, accelerated=accelerated_domains(domains))
    assert (target.bucket, target.key, target.is_virtual, target.is_accelerated) == (bucket, "k y", True, True)


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.amazonaws.com", "b"),
        ("xs3-accelerate.s3.amazonaws.com", "xs3-accelerate"),
        ("b.xs3-accelerate.s3.amazonaws.com", "b.xs3-accelerate"),
        ("b.s3-accelerate.example.com", "path"),
        ("b.s3-accelerate", "path"),
    ],
)
def test_hosts_that_only_look_like_it(host: str, bucket: str) -> None:
    domains = ("s3.amazonaws.com",)
    target = target_of("/path", host, domains, accelerated=accelerated_domains(domains))
    assert (target.bucket, target.is_accelerated) == (bucket, False)


@pytest.mark.parametrize("host", ["s3-accelerate.amazonaws.com", "s3-accelerate.dualstack.amazonaws.com:9000"])
@pytest.mark.parametrize("domains", [("s3.amazonaws.com",), ("amazonaws.com",)])
def test_transfer_acceleration_takes_no_path_style(host: str, domains: tuple[str, ...]) -> None:
    for path in ("/", "/b", "/b/k"):
        with pytest.raises(S3Error) as caught:
            target_of(path, host, domains, accelerated=accelerated_domains(domains))
        assert caught.value.code.name == "InvalidRequest"


def test_without_domains_no_host_is_one_of_transfer_acceleration() -> None:
    target = target_of("/b", "x.s3-accelerate.amazonaws.com", (), accelerated=accelerated_domains(()))
    assert (target.bucket, target.is_virtual, target.is_accelerated) == ("b", False, False)


def test_the_mount_is_part_of_the_path_but_not_of_the_key() -> None:
    target = target_of("/storage/b/k", "h", (), mount="/storage")
    assert (target.bucket, target.key, target.path) == ("b", "k", "/storage/b/k")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("http://evil/b/k", "InvalidURI", id="E12"),
        pytest.param("/b/k#frag", "InvalidURI", id="E13"),
        pytest.param("*", "InvalidURI", id="asterisk"),
        pytest.param("", "InvalidURI", id="empty"),
        pytest.param("/b/%zz", "InvalidURI", id="A25"),
        pytest.param("/b/%", "InvalidURI", id="A25-end"),
        pytest.param("/b%2/k", "InvalidURI", id="A25-bucket"),
        pytest.param("/b/%ff", "InvalidURI", id="G8"),
        pytest.param("/b/%ed%a0%80", "InvalidURI", id="G8-surrogate"),
        pytest.param("/b/..%c0%af", "InvalidURI", id="G6-overlong"),
        pytest.param("/b/..", "InvalidURI", id="G4"),
        pytest.param("/b/%2e%2e%2fx", "InvalidURI", id="G6"),
        pytest.param("/b/" + "k" * 1025, "KeyTooLongError", id="long"),
        pytest.param("//k", "InvalidBucketName", id="no-bucket"),
    ],
)
def test_refused(path: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        target_of(path, "localhost", ())
    assert caught.value.code.name == code


@pytest.mark.parametrize(
    ("host", "bucket", "is_website"),
    [
        ("b.site.example.com", "b", True),
        ("a.b.site.example.com:9000", "a.b", True),
        ("b.example.com", "b", False),
        ("b.pages.test", "b", True),
        ("b.s3.pages.test", "b", False),
        ("s3.pages.test", "b", False),
        ("pages.test", "b", False),
        ("127.0.0.1", "b", False),
    ],
)
def test_websites_have_hosts_of_their_own(host: str, bucket: str, is_website: bool) -> None:
    domains, sites = ("s3.pages.test", "example.com"), ("site.example.com", "pages.test")
    target = target_of("/b/k", host, domains, sites=sites)
    assert (target.bucket, target.is_website) == (bucket, is_website)
    assert target.key == ("b/k" if target.is_virtual else "k")
