"""Ids in paths that mean mischief are ids that nothing has: on every route with a parameter, and on no other."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from tests.support.console import Console, consoling
from tests.support.server import ROOT, SECONDS

from trug.manage.services import FAMILIES

BASIC = "Basic " + b64encode(":".join(ROOT).encode()).decode()
ROUTES = sorted({(row.method, prefix + row.path) for f in FAMILIES for prefix in f.prefixes for row in f.rows})
WITH_PARAMETER = [(method, path) for method, path in ROUTES if "{" in path]
MISCHIEVOUS = (
    *("%2e%2e%2f", "..%2f", "%2e%2e", "..", ".", "%2e", "%2f", "%2f%2f", "a%2fb", "%2e%2e%2flist", "..%5c", "%5c"),
    *("%00", "%0a", "%0d%0aset-cookie:%20a", "%ff", "%c0%af", "%ed%a0%80", "%zz", "%", "%25", "%252e%252e%252f"),
    *("a%20b", "%e2%80%ae", ";a", "a;b", "%3fa=b", "%23", "*", "'%20or%201=1--", "%7b%7d", "", "x" * 4096),
)


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


def test_there_are_such_routes() -> None:
    assert {method for method, _ in WITH_PARAMETER} == {"GET", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize(("method", "path"), WITH_PARAMETER)
def test_nobody_has_such_an_id(console: Console, method: str, path: str) -> None:
    before, _, rest = path.partition("{")
    after = rest.partition("}")[2]
    connection = HTTPConnection(console.endpoint.removeprefix("http://"), timeout=SECONDS)
    refused = (400, 404) if method in ("PUT", "PATCH") else (404,)
    for place in MISCHIEVOUS:
        headers = {"authorization": BASIC, "content-type": "application/json"}
        connection.request(method, before + place + after, b"{}" if 400 in refused else None, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert answer.status in ((*refused, 400) if len(place) > 64 else refused), (place, told)
        assert answer.getheader("location") is None
        assert set(told) <= {"error", "mistakes"}
    connection.close()


@pytest.mark.parametrize("path", ["/api/v1/list/", "/api/v1/items/", "/docs/", "/api//v1/list", "//api/v1/list"])
def test_another_slash_is_another_path(console: Console, path: str) -> None:
    connection = HTTPConnection(console.endpoint.removeprefix("http://"), timeout=SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (404, {"error": "there is nothing here"})
    connection.close()
