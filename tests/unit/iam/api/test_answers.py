"""Answers of the query APIs as XML, and errors of other rooms in their words."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.iam.api.answers import Entries, document, failure, success
from trug.iam.api.refusals import QueryCode, QueryError, query_error
from trug.iam.api.services import IAM, STS
from trug.iam.refusals import IamCode, IamError
from trug.ports.stores import Unavailable


def body(reply: object) -> str:
    return bytes(reply.body).decode()  # type: ignore[attr-defined]


def test_values() -> None:
    result = {
        "Text": "<a> & \u00fc",
        "Number": 3,
        "Yes": True,
        "No": False,
        "None": None,
        "Empty": [],
        "List": ["a", {"Key": "k"}],
        "Inside": {"Deep": {"er": "x"}},
        "Map": Entries((("Users", 2),)),
    }
    assert body(success(IAM, "GetThing", result, "ID")) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<GetThingResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetThingResult>'
        "<Text>&lt;a&gt; &amp; \u00fc</Text><Number>3</Number><Yes>true</Yes><No>false</No><Empty></Empty>"
        "<List><member>a</member><member><Key>k</Key></member></List><Inside><Deep><er>x</er></Deep></Inside>"
        "<Map><entry><key>Users</key><value>2</value></entry></Map>"
        "</GetThingResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></GetThingResponse>\n"
    )


def test_no_result_and_an_empty_one() -> None:
    assert "Result" not in body(success(IAM, "DeleteThing", None, "ID"))
    assert "<UpdateThingResult></UpdateThingResult>" in body(success(IAM, "UpdateThing", {}, "ID"))


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[2J", "\ud800", "]]>", "\ufffe"])
def test_errors_can_always_be_parsed(text: str) -> None:
    reply = failure(STS, QueryError(QueryCode.ValidationError, text), "ID")
    root = ET.fromstring(bytes(reply.body))  # type: ignore[arg-type]
    assert root.tag == "{https://sts.amazonaws.com/doc/2011-06-15/}ErrorResponse"
    assert root[0][0].text == "Sender"


def test_documents() -> None:
    assert document('{"a": "b+c~d/*\u00fc"}') == "%7B%22a%22%3A%20%22b%2Bc~d%2F%2A%C3%BC%22%7D"


def test_failures_of_the_server() -> None:
    reply = failure(IAM, QueryError(QueryCode.ServiceUnavailable), "ID")
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert "<Type>Receiver</Type>" in body(reply)


@pytest.mark.parametrize("code", list(IamCode))
def test_what_iam_refuses_has_a_code_here(code: IamCode) -> None:
    error = query_error(IamError("why", code))
    assert (error.code.name, error.code.status, error.message) == (code, code.status, "why")


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (S3Error(ErrorCode.InvalidAccessKeyId), QueryCode.InvalidClientTokenId),
        (S3Error(ErrorCode.SignatureDoesNotMatch), QueryCode.SignatureDoesNotMatch),
        (S3Error(ErrorCode.AuthorizationHeaderMalformed), QueryCode.IncompleteSignature),
        (S3Error(ErrorCode.RequestTimeTooSkewed), QueryCode.RequestExpired),
        (S3Error(ErrorCode.ExpiredToken), QueryCode.ExpiredToken),
        (S3Error(ErrorCode.AccessDenied), QueryCode.AccessDenied),
        (S3Error(ErrorCode.InvalidArgument, "secret"), QueryCode.InvalidQueryParameter),
        (S3Error(ErrorCode.InternalError), QueryCode.InternalFailure),
        (Unavailable("the disk"), QueryCode.ServiceUnavailable),
        (KeyError("secret"), QueryCode.InternalFailure),
    ],
)
def test_what_other_rooms_refuse(failure: Exception, code: QueryCode) -> None:
    error = query_error(failure)
    assert error.code is code
    assert "secret" not in error.message and "disk" not in error.message
