"""Routes read from the way AWS spells them."""

from __future__ import annotations

import pytest

from trug.operations.routes import Level, Route


@pytest.mark.parametrize(
    ("spelled", "route"),
    [
        ("GET /", Route("GET", Level.SERVICE)),
        ("PUT /{Bucket}", Route("PUT", Level.BUCKET)),
        ("PUT /{Bucket}?tagging", Route("PUT", Level.BUCKET, (("tagging", None),))),
        ("GET /{Bucket}?list-type=2", Route("GET", Level.BUCKET, (("list-type", "2"),))),
        (
            "PUT /{Bucket}/{Key+}?partNumber&uploadId {x-amz-copy-source}",
            Route("PUT", Level.OBJECT, (("partNumber", None), ("uploadId", None)), "x-amz-copy-source"),
        ),
    ],
)
def test_parse(spelled: str, route: Route) -> None:
    assert Route.parse(spelled) == route


@pytest.mark.parametrize(
    "spelled",
    ["", "GET", "get /", "GET /{Key+}", "GET /{Bucket}/", "GET  /", "GET /{Bucket}? ", "GET / {Upper-Case}", "GET /\n"],
)
def test_what_is_no_route(spelled: str) -> None:
    with pytest.raises(ValueError, match="no route"):
        Route.parse(spelled)


def test_the_first_name_is_the_subresource() -> None:
    assert Route.parse("GET /{Bucket}?analytics&id").subresource == "analytics"
    assert Route.parse("GET /{Bucket}").subresource == ""


def test_more_is_more_specific() -> None:
    spelled = ["", " {x-amz-copy-source}", "?a", "?a {x-amz-copy-source}", "?a&b", "?a&b {x-amz-copy-source}"]
    weights = [Route.parse(f"PUT /{{Bucket}}/{{Key+}}{more}").weight for more in spelled]
    assert weights == sorted(set(weights))
