"""Commands over HTTP: what is refused, and how."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from tests.support.asgi import ask, scope_of
from tests.support.managed import managed_in_memory

from trug.manage.control import LARGEST_BODY, Control


def answer_to(
    path: str, body: bytes = b"{}", method: str = "POST", *, control: Control | None = None
) -> tuple[int, Any]:
    scope = scope_of(method) | {"path": path}
    answer = asyncio.run(ask(control or Control(managed_in_memory()), scope, [body]))
    assert answer.is_complete
    assert answer.headers == {"content-type": "application/json", "content-length": str(len(answer.body))}
    return answer.status, json.loads(answer.body)


def test_a_command() -> None:
    control = Control(managed_in_memory())
    status, added = answer_to("/user/add", b'{"name": "ana"}', control=control)
    assert (status, added["user"]["name"]) == (200, "ana")
    assert answer_to("/user/list", b"", control=control) == (200, {"users": [added["user"]]})


@pytest.mark.parametrize(("method", "path"), [("POST", "/user/rename"), ("POST", "/"), ("GET", "/user/list")])
def test_an_unknown_command(method: str, path: str) -> None:
    status, answer = answer_to(path, method=method)
    assert (status, answer) == (404, {"error": f"there is no command {path.strip('/')}"})


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"name"', b"null", b"\xff", b'{"name": "' + b"x" * LARGEST_BODY + b'"}'],
    ids=["cut", "list", "text", "null", "not UTF-8", "too large"],
)
def test_what_is_no_object(body: bytes) -> None:
    status, answer = answer_to("/user/add", body)
    assert status == 400
    assert answer["error"]


def test_what_is_missing_is_named() -> None:
    assert answer_to("/user/add") == (400, {"error": "name is missing"})


def test_a_refusal_says_why() -> None:
    assert answer_to("/user/remove", b'{"name": "bob"}')[0] == 400
    assert answer_to("/bucket/list", b'{"account": "nobody"}') == (400, {"error": "there is no account nobody"})


def test_a_failure_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    status, answer = answer_to("/fsck", control=Control(managed_in_memory(fsck=Broken())))
    assert (status, answer) == (500, {"error": "internal error: see the server's log"})
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert "private" in str(record.exc_info[1])


class Broken:
    """A check that fails by a mistake of ours."""

    async def run(self) -> None:
        raise RuntimeError("private")


def test_other_protocols_are_left_alone() -> None:
    assert asyncio.run(ask(Control(managed_in_memory()), {"type": "lifespan"})).messages == []
