"""The served OpenAPI document held against the services by schemathesis: whatever is sent, no 500 and no answer that
the document does not tell of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from tests.support.console import Console, consoling
from tests.support.server import ROOT, SECONDS

from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.manage.api.openapi import openapi
from trug.manage.services import FAMILIES

EXAMPLES = 8
load_all_checks()
HELD = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
NAMED = ("bucket", "bucket_name", "name")
KEY = "there.png"

DOCUMENT = schemathesis.openapi.from_dict(openapi(FAMILIES, "0"))
OPERATIONS = {operation.ok().label: operation.ok() for operation in DOCUMENT.get_all_operations()}
ASKED = [
    (label, mode)
    for label, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.query or operation.path_parameters or operation.body
]
"""What has no parameter cannot be asked wrongly."""


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = ROOT
        yield session


@pytest.mark.parametrize(("label", "mode"), ASKED, ids=lambda part: getattr(part, "value", part))
def test_answers_are_those_of_the_document(
    console: Console, session: requests.Session, label: str, mode: GenerationMode
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), is_there=st.booleans())
    def ask(case: Case, is_there: bool) -> None:
        if is_there:
            name_what_is_there(console, case)
        response = case.call(base_url=console.endpoint, session=session, timeout=SECONDS)
        case.validate_response(response, checks=HELD)

    ask()


def name_what_is_there(console: Console, case: Case) -> None:
    """Ask of a bucket and a file that there are."""
    bucket = console.make_bucket()
    console.run(console.engine.objects.put(console.bucket(bucket), KEY, Content(b"x"), Draft(), NO_WRITE_CONDITIONS))
    given: list[Any] = [case.query, case.body]
    for fields in given:
        if isinstance(fields, dict):
            there = dict.fromkeys(NAMED, bucket) | {"key": KEY}
            fields.update({name: value for name, value in there.items() if name in fields})
