"""Requests that are signed with the key of a session, and carry its token: in the header, in the query, in a form."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential, temporary
from tests.support.forms import signed
from tests.support.requests import wire_request
from tests.support.signers import botocore_header, botocore_url, sigv2_header, sigv2_url

from trug.auth.authenticate import Authenticator
from trug.domain.errors import S3Error
from trug.domain.identity import Identity, Session
from trug.ports.keys import Lapse
from trug.wire.request import WireRequest

NOW = time.time_ns() // 1000
HOUR = 3_600_000_000
URL = "http://localhost:9000/bucket/key"
TOKEN = "a/token+of=the_session"
PARENT = credential("AKIAPARENT", "parent-secret", user="ana")
KEY = temporary(PARENT, "ASIATEST", "a/temporary+secret", Session(NOW, NOW + HOUR))

Signer = Callable[..., WireRequest]
WAYS: dict[str, Signer] = {
    "header": lambda token: botocore_header(KEY, "GET", URL, token=token),
    "url": lambda token: wire_request("GET", botocore_url(KEY, "GET", URL, token=token)),
    "v2 header": lambda token: sigv2_header(KEY, "GET", URL, token=token),
    "v2 url": lambda token: wire_request("GET", sigv2_url(KEY, "GET", URL, token=token)),
}
each_way = pytest.mark.parametrize("sign", WAYS.values(), ids=WAYS)


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed is signed now, and this module was perhaps loaded long ago."""
    monkeypatch.setitem(globals(), "NOW", time.time_ns() // 1000)


def door(credentials: MemoryCredentials, now: int | None = None) -> Authenticator:
    return Authenticator(credentials, HandClock(NOW if now is None else now), ("us-east-1",), allows_sigv2_header=True)


def store() -> MemoryCredentials:
    known = MemoryCredentials(PARENT)
    known.sessions["ASIATEST", TOKEN] = KEY
    return known


def outcome(request: WireRequest, known: MemoryCredentials | None = None, now: int | None = None) -> str | Identity:
    try:
        return asyncio.run(door(known or store(), now).authenticate(request)).identity
    except S3Error as error:
        return error.code.name


@each_way
def test_a_session_is_who_it_says(sign: Signer) -> None:
    assert outcome(sign(TOKEN)) == KEY.identity


@each_way
def test_without_its_token_the_key_is_unknown(sign: Signer) -> None:
    assert outcome(sign(None)) == "InvalidAccessKeyId"


@each_way
@pytest.mark.parametrize("token", ["another", TOKEN + "A", TOKEN.upper()])
def test_another_token(sign: Signer, token: str) -> None:
    assert outcome(sign(token)) == "InvalidToken"


def test_an_empty_token() -> None:
    assert outcome(botocore_header(KEY, "GET", URL, {"x-amz-security-token": ""})) == "InvalidToken"


@each_way
def test_a_session_ends_to_the_second(sign: Signer) -> None:
    known = store()
    for early in (1_000_000, 1):
        known.sessions["ASIATEST", TOKEN] = temporary(PARENT, "ASIATEST", KEY.secret, Session(0, NOW + early))
        assert isinstance(outcome(sign(TOKEN), known), Identity)
    for late in (0, 1, 1_000_000):
        known.sessions["ASIATEST", TOKEN] = temporary(PARENT, "ASIATEST", KEY.secret, Session(0, NOW - late))
        assert outcome(sign(TOKEN), known) == "ExpiredToken"


@each_way
@pytest.mark.parametrize(
    ("lapse", "code"),
    [
        (Lapse.UNREADABLE, "InvalidToken"),
        (Lapse.GONE, "InvalidAccessKeyId"),
        (Lapse.REVOKED, "AccessDenied"),
    ],
)
def test_tokens_that_open_nothing(sign: Signer, lapse: Lapse, code: str) -> None:
    known = store()
    known.sessions["ASIATEST", TOKEN] = lapse
    assert outcome(sign(TOKEN), known) == code


@each_way
def test_another_secret(sign: Signer) -> None:
    known = store()
    known.sessions["ASIATEST", TOKEN] = temporary(PARENT, "ASIATEST", "another", Session(NOW, NOW + HOUR))
    assert outcome(sign(TOKEN), known) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("way", ["header", "url", "v2 header", "v2 url"])
def test_the_token_of_one_with_a_lasting_key(way: str) -> None:
    """A key that needs no token is refused with one, whatever token that is."""
    request = {
        "header": lambda: botocore_header(PARENT, "GET", URL, token=TOKEN),
        "url": lambda: wire_request("GET", botocore_url(PARENT, "GET", URL, token=TOKEN)),
        "v2 header": lambda: sigv2_header(PARENT, "GET", URL, token=TOKEN),
        "v2 url": lambda: wire_request("GET", sigv2_url(PARENT, "GET", URL, token=TOKEN)),
    }[way]()
    assert outcome(request) == "InvalidToken"


def test_a16_the_header_must_be_signed() -> None:
    request = botocore_header(KEY, "GET", URL)
    lines = [(name, request.headers[name]) for name in request.headers]
    assert outcome(wire_request("GET", URL, [*lines, ("x-amz-security-token", TOKEN)])) == "AccessDenied"


def test_a_presigned_url_takes_no_token_afterwards() -> None:
    url = botocore_url(KEY, "GET", URL)
    assert outcome(wire_request("GET", f"{url}&X-Amz-Security-Token={TOKEN}")) == "InvalidToken"  # + is a space there
    known = store()
    known.sessions["ASIATEST", "plain"] = KEY
    assert outcome(wire_request("GET", f"{url}&X-Amz-Security-Token=plain"), known) == "SignatureDoesNotMatch"
    assert outcome(wire_request("GET", url, {"x-amz-security-token": "plain"}), known) == "AccessDenied"


def test_two_tokens() -> None:
    url = botocore_url(KEY, "GET", f"{URL}?x-amz-security-token=other", token=TOKEN)
    assert outcome(wire_request("GET", url)) == "InvalidToken"


@pytest.mark.parametrize(
    ("token", "code"), [(TOKEN, ""), ("other", "InvalidToken"), ("", "InvalidToken"), (None, "InvalidAccessKeyId")]
)
def test_forms(token: str | None, code: str) -> None:
    fields = {"key": "a"} if token is None else {"key": "a", "x-amz-security-token": token}
    form = signed(KEY[:2], fields, bucket="bucket")
    try:
        assert asyncio.run(door(store()).authenticate_form(form, "bucket")).identity == KEY.identity
        assert not code
    except S3Error as error:
        assert error.code.name == code


def test_a_form_whose_policy_does_not_speak_of_the_token() -> None:
    form = signed(KEY[:2], {"key": "a"}, bucket="bucket") | {"x-amz-security-token": TOKEN}
    with pytest.raises(S3Error, match="Extra input fields: x-amz-security-token"):
        asyncio.run(door(store()).authenticate_form(form, "bucket"))


def test_a_token_on_a_form_that_nobody_signed() -> None:
    with pytest.raises(S3Error, match="token"):
        asyncio.run(door(store()).authenticate_form({"key": "a", "x-amz-security-token": TOKEN}, "bucket"))
