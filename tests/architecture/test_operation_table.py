"""The operation table against AWS's own model of S3, as botocore carries it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from tests.support.requests import wire_request

from trug.domain.errors import S3Error
from trug.operations.catalogue import FAMILIES, TABLE
from trug.operations.declined import UNROUTED
from trug.operations.operation import BEYOND_THE_MODEL
from trug.operations.report import TITLES, Report
from trug.operations.routes import Level, Route

ROWS = {row.name: row for row in TABLE.operations}


@cache
def model() -> dict[str, Any]:
    loaded: dict[str, Any] = Loader().load_service_model("s3", "service-2")
    return loaded


def operations() -> dict[str, Any]:
    found: dict[str, Any] = model()["operations"]
    return found


def required(name: str, location: str) -> set[str]:
    """The names on the wire of what an operation's input must have in ``querystring`` or ``header``."""
    shape = model()["shapes"][operations()[name]["input"]["shape"]]
    members = [shape["members"][member] for member in shape.get("required", ())]
    return {member["locationName"] for member in members if member.get("location") == location}


def modelled_rows() -> list[str]:
    return sorted(ROWS.keys() - BEYOND_THE_MODEL)


def test_every_operation_of_the_model_is_here_once() -> None:
    named = [*(row.name for row in TABLE.operations), *(row.name for row in UNROUTED)]
    assert len(named) == len(set(named))
    assert set(named) - BEYOND_THE_MODEL == set(operations())


def test_what_is_beyond_the_model_is_not_in_it() -> None:
    assert ROWS.keys() >= BEYOND_THE_MODEL
    assert not BEYOND_THE_MODEL & operations().keys()


@pytest.mark.parametrize("name", modelled_rows())
def test_a_row_has_the_method_path_and_parameters_of_the_model(name: str) -> None:
    http = operations()[name]["http"]
    route = Route.parse(ROWS[name].route)
    of_model = Route.parse(f"{http['method']} {http['requestUri']}")
    assert (route.method, route.level) == (of_model.method, of_model.level)
    assert dict(route.query) == {
        **dict(of_model.query),
        **dict.fromkeys(required(name, "querystring")),
    }
    assert not route.header or route.header in required(name, "header")


def test_unrouted_operations_have_the_route_of_another_or_an_endpoint_of_their_own() -> None:
    routed = {(row["http"]["method"], row["http"]["requestUri"]) for name, row in operations().items() if name in ROWS}
    for name in (row.name for row in UNROUTED):
        http, endpoint = operations()[name]["http"], operations()[name].get("endpoint", {})
        assert (http["method"], http["requestUri"]) in routed or "hostPrefix" in endpoint


@pytest.mark.parametrize("name", modelled_rows())
def test_the_request_that_the_model_describes_resolves_to_its_row(name: str) -> None:
    http = operations()[name]["http"]
    path, _, query = http["requestUri"].replace("{Bucket}", "b").replace("{Key+}", "k").partition("?")
    names = [query, *(f"{each}=1" for each in required(name, "querystring")), f"x-id={name}"]
    headers = dict.fromkeys(required(name, "header"), "value")
    wire = wire_request(http["method"], f"{path}?{'&'.join(filter(None, names))}", headers)
    assert TABLE.resolve(wire.method, wire.target, wire.parameters, wire.headers).name == name


@pytest.mark.parametrize("path", ["/", "/b", "/b/k"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
def test_no_subresource_of_the_model_falls_through(method: str, path: str) -> None:
    """Each sub-resource of S3 on each thing by each method is its own row, or refused."""
    routes = {name: Route.parse(row.route) for name, row in ROWS.items()}
    asked = {route.subresource for route in routes.values()} - {""}
    for subresource in sorted(asked - {"partNumber", "list-type"}):
        wire = wire_request(method, f"{path}?{subresource}=1&partNumber=1&select-type=2&id=1&annotationName=1")
        with suppress(S3Error):
            row = TABLE.resolve(method, wire.target, wire.parameters, wire.headers)
            assert subresource in routes[row.name].names


def test_plain_requests_have_plain_rows() -> None:
    plain = {
        (route.method, route.level): name
        for name, route in ((name, Route.parse(row.route)) for name, row in ROWS.items())
        if not route.weight
    }
    assert plain == {
        ("GET", Level.SERVICE): "ListBuckets",
        ("PUT", Level.BUCKET): "CreateBucket",
        ("HEAD", Level.BUCKET): "HeadBucket",
        ("GET", Level.BUCKET): "ListObjects",
        ("DELETE", Level.BUCKET): "DeleteBucket",
        ("POST", Level.BUCKET): "PostObject",
        ("PUT", Level.OBJECT): "PutObject",
        ("GET", Level.OBJECT): "GetObject",
        ("HEAD", Level.OBJECT): "HeadObject",
        ("DELETE", Level.OBJECT): "DeleteObject",
    }


def test_every_family_is_in_the_table() -> None:
    assert sum(len(module.family.rows) for module in FAMILIES) == len(TABLE.operations)


def test_the_report_counts_what_the_model_has() -> None:
    report = Report(TABLE.operations)
    assert report.total == len(operations())
    counted = sum(report.count(kind) for kind in TITLES)
    assert counted + len(UNROUTED) == report.total


def test_actions_are_spelled_as_aws_spells_them() -> None:
    for row in TABLE.operations:
        for action in filter(None, (row.action, row.versioned_action)):
            service, _, name = action.partition(":")
            assert service in {"s3", "s3express"}
            assert name.isalpha()
            assert name[0].isupper()


def test_importing_the_table_is_light() -> None:
    """XML parsers, databases and web frameworks are nobody's business at import."""
    script = (
        "import sys, trug.operations.catalogue; print(*{'lxml', 'sqlite3', 'starlette', 'sqlalchemy'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", script]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert loaded.split() == []
