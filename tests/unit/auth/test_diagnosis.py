"""What is told of a signature that does not match: the likely cause, and to nobody who could not sign."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential
from tests.support.requests import target_of, wire_request
from tests.support.signers import botocore_header, botocore_url

from trug.auth import diagnosis
from trug.auth.authenticate import Authenticator
from trug.auth.refusals import clock_of
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.wire.request import Headers, WireRequest

NAME, SECRET = "AKIATEST", "the/secret+key"
KEY = credential(NAME, SECRET)
URL = "http://s3.example.com:9000/bucket/a%20key"
NOW = time.time_ns() // 1000


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed is signed now, and this module was perhaps loaded long ago."""
    monkeypatch.setitem(globals(), "NOW", time.time_ns() // 1000)


def refusal(
    request: WireRequest, *, door: Authenticator | None = None, secret: str = SECRET, now: int | None = None
) -> S3Error:
    with pytest.raises(S3Error) as caught:
        asyncio.run((door or door_of(secret, now)).authenticate(request))
    return caught.value


def door_of(secret: str = SECRET, now: int | None = None, *public_hosts: str) -> Authenticator:
    store = MemoryCredentials(credential(NAME, secret))
    clock = HandClock(NOW if now is None else now)
    return Authenticator(store, clock, ("us-east-1",), allows_sigv2_header=False, public_hosts=public_hosts)


def told(request: WireRequest, *, door: Authenticator | None = None, secret: str = SECRET) -> str:
    error = refusal(request, door=door, secret=secret)
    assert error.code is ErrorCode.SignatureDoesNotMatch
    assert not any(SECRET in value for value in error.fields.values())
    return error.fields.get("Diagnosis", "")


def signed(**headers: str) -> WireRequest:
    return botocore_header(KEY, "GET", URL, headers)


def arrived(request: WireRequest, **headers: str) -> WireRequest:
    return replace(request, headers=with_headers(request.headers, headers))


def with_headers(headers: Headers, changed: dict[str, str]) -> Headers:
    pairs = {**headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs.items()])


@pytest.mark.parametrize(
    ("came", "more", "what"),
    [
        ("10.0.0.5:9000", {"x_forwarded_host": "s3.example.com:9000"}, "a proxy rewrote Host"),
        ("10.0.0.5", {"x_forwarded_host": "s3.example.com", "x_forwarded_port": "9000"}, "a proxy rewrote Host"),
        ("s3.example.com", {}, "the port was changed"),
        ("s3.example.com:8080", {"x_forwarded_port": "9000"}, "the port was changed"),
    ],
)
def test_a_host_that_was_rewritten(came: str, more: dict[str, str], what: str) -> None:
    found = told(arrived(signed(), host=came, **more))
    assert f"signed for the host s3.example.com:9000, and the request came with {came}: {what}" in found


def test_a_public_host_helps_where_the_header_was_signed() -> None:
    found = told(arrived(signed(), host="trug:9000"), door=door_of(SECRET, NOW, "s3.example.com:9000"))
    assert "signed for the host s3.example.com:9000" in found


def test_a_host_that_is_none_is_not_told() -> None:
    found = told(arrived(signed(), host="<script>", x_forwarded_host="s3.example.com:9000"))
    assert "script" not in found


@pytest.mark.parametrize("secret", [f"{SECRET}\n", f"{SECRET} ", f" {SECRET}"])
def test_a_secret_with_white_space(secret: str) -> None:
    request = botocore_header(credential(NAME, secret), "GET", URL)
    assert told(request).startswith("The secret key that the client signed with has a")
    assert told(signed(), secret=secret).startswith("The secret key that the server has has white space")


@pytest.mark.parametrize("path", ["/bucket/a%2520key", "/bucket/a%20key/"])
def test_a_path_that_was_changed(path: str) -> None:
    assert "path" in told(replace(signed(), target=target_of(path, None)))


def test_a_presigned_url_for_another_method() -> None:
    request = wire_request("HEAD", botocore_url(KEY, "GET", URL))
    assert told(request) == "It was signed for GET, and sent with HEAD."


def test_a_header_that_was_changed() -> None:
    request = botocore_header(KEY, "PUT", URL, {"Content-Type": "text/plain"})
    assert "header content-type was changed" in told(arrived(request, content_type="text/plain; charset=utf-8"))


def test_a_header_that_was_taken_away() -> None:
    request = botocore_header(KEY, "PUT", URL, {"Content-Type": "text/plain"})
    kept = {name: value for name, value in request.headers.items() if name != "content-type"}
    pairs = [(name.encode(), value.encode()) for name, value in kept.items()]
    assert "content-type was signed and did not arrive" in told(replace(request, headers=Headers(pairs)))


def test_clocks_apart() -> None:
    late = refusal(signed(), now=NOW + 86_400 * 1_000_000).fields["Diagnosis"]
    early = refusal(signed(), now=NOW - 86_400 * 1_000_000).fields["Diagnosis"]
    assert late.endswith("behind the server's.")
    assert early.endswith("ahead of the server's.")
    assert clock_of((3600 + 62) * 1_000_000) == "The client's clock is 1 h 1 min 2 s behind the server's."
    assert clock_of(-1_200_000_000) == "The client's clock is 20 min ahead of the server's."


def test_no_guess_is_told() -> None:
    assert told(botocore_header(credential(NAME, "another"), "GET", URL)) == ""


def test_unknown_keys_are_not_looked_into() -> None:
    error = refusal(botocore_header(credential("AKIAOTHER", f"{SECRET}\n"), "GET", URL))
    assert error.code is ErrorCode.InvalidAccessKeyId
    assert "Diagnosis" not in error.fields


def test_few_requests_are_looked_into() -> None:
    """However many come at once."""
    clock = HandClock(NOW)
    door = Authenticator(MemoryCredentials(KEY), clock, ("us-east-1",), allows_sigv2_header=False)
    spoiled = botocore_header(credential(NAME, f"{SECRET}\n"), "GET", URL)
    found = [told(spoiled, door=door) for _ in range(100)]
    assert all(found[: diagnosis.BURST])
    assert not any(found[diagnosis.BURST :])
    clock.time += diagnosis.REFILL
    assert [bool(told(spoiled, door=door)) for _ in range(3)] == [True, False, False]
