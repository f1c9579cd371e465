"""The query protocol of IAM and STS: signatures, parameters, errors, what is S3's and what is not."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.support.iam import FORM, ROOT, IamServer

IAM = "{https://iam.amazonaws.com/doc/2010-05-08/}"
STS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
LOGIN = {"Action": "CreateLoginProfile", "UserName": "ana", "Password": "s3cr3t"}


def test_declined_by_name(iam: Any) -> None:
    with pytest.raises(ClientError) as refused:
        iam.create_login_profile(UserName="ana", Password="long-enough")
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["Error"]["Code"] == "NotImplemented"
    assert "CreateLoginProfile" in answer["Error"]["Message"]


def test_an_error_in_full(server: IamServer) -> None:
    answer = server.query({"Action": "Nothing"})
    assert (answer.status, answer.code, answer.headers["content-type"]) == (400, "InvalidAction", "text/xml")
    assert answer.root == f"{IAM}ErrorResponse"
    assert answer.texts("Type") == ["Sender"]
    assert answer.texts("RequestId") == [answer.headers["x-amzn-requestid"]] == [answer.headers["x-amz-request-id"]]
    assert answer.message == "Could not find operation Nothing for version 2010-05-08"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "MissingAction"),
        ("Version=2010-05-08", "MissingAction"),
        ("Action=GetUser", "InvalidAction"),
        ("Action=GetUser&Version=2011-06-15", "InvalidAction"),
        ("Action=GetUser&Version=2010-05-08&Action=GetUser", "InvalidQueryParameter"),
        ("Action=GetUser&Version=2010-05-08&UserName=%zz", "InvalidQueryParameter"),
        ("Action=GetUser&Version=2010-05-08&UserName=%ff", "InvalidQueryParameter"),
        ("Action=GetUser&Version=2010-05-08&UserName=%00", "InvalidQueryParameter"),
        ("Action=GetUser&Version=2010-05-08&UserName=%ED%A0%80", "InvalidQueryParameter"),
        (b"Action=GetUser&Version=2010-05-08&UserName=\xff\xfe", "InvalidQueryParameter"),
        ("&".join(f"a{number}=1" for number in range(20_001)), "InvalidQueryParameter"),
        ('{"Action": "GetUser"}', "MissingAction"),
    ],
)
def test_malformed_queries(server: IamServer, body: str, code: str) -> None:
    answer = server.query(body)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 2 * 1024 * 1024 + 1])
def test_too_long(server: IamServer, size: int) -> None:
    body = ("Action=Nothing&Version=2010-05-08&x=").ljust(size, "y")
    signed = server.query(body)
    assert signed.code == ("InvalidAction" if size < 2 * 1024 * 1024 else "RequestEntityTooLarge")
    unsigned = server.query(body, keys=None)
    assert (unsigned.status, unsigned.code) == (413, "RequestEntityTooLarge")


def test_chunked_bodies_are_bounded(server: IamServer) -> None:
    piece = b"x" * 0x8000
    body = (b"8000\r\n" + piece + b"\r\n") * 3 + b"0\r\n\r\n"
    answer = server.send("POST", "/", {**FORM, "Transfer-Encoding": "chunked"}, body)
    assert answer.status == 413


# --- who signed, and what ---


def test_the_body_is_signed(server: IamServer) -> None:
    request = AWSRequest("POST", server.endpoint + "/", dict(FORM), b"Action=GetUser&Version=2010-05-08&UserName=a")
    from botocore.auth import SigV4Auth

    SigV4Auth(Credentials(*ROOT), "iam", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    answer = server.send("POST", "/", headers, b"Action=GetUser&Version=2010-05-08&UserName=b")
    assert (answer.status, answer.texts("Code")) == (403, ["SignatureDoesNotMatch"])
    assert "The Canonical String for this request should have been" in answer.texts("Message")[0]


def test_a_declared_digest_is_not_believed(server: IamServer) -> None:
    """What is declared of the body counts for nothing: neither another digest nor none."""
    from botocore.auth import SigV4Auth

    for declared in ("UNSIGNED-PAYLOAD", "0" * 64):
        request = AWSRequest("POST", server.endpoint + "/", {**FORM, "X-Amz-Content-SHA256": declared}, b"Action=a")
        SigV4Auth(Credentials(*ROOT), "iam", "us-east-1").add_auth(request)
        sent = server.send("POST", "/", dict(request.headers.items()), b"Action=b")
        assert sent.texts("Code") == ["SignatureDoesNotMatch"]


def test_a_true_digest_does_no_harm(server: IamServer) -> None:
    """SDKs for JavaScript and Rust send x-amz-content-sha256 to every service."""
    body = "Action=ListUsers&Version=2010-05-08"
    digest = sha256(body.encode()).hexdigest()
    assert server.query(body, headers={**FORM, "X-Amz-Content-SHA256": digest}).status == 200


def test_unknown_keys(server: IamServer) -> None:
    answer = server.query(LOGIN, keys=("AKIANOBODY", "x"))
    assert (answer.status, answer.code) == (403, "InvalidClientTokenId")
    assert answer.message == "The security token included in the request is invalid."


def test_wrong_secrets(server: IamServer) -> None:
    answer = server.query(LOGIN, keys=(ROOT[0], "wrong"))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_unsigned(server: IamServer) -> None:
    answer = server.query(LOGIN, keys=None)
    assert (answer.status, answer.code) == (403, "MissingAuthenticationToken")


def test_half_signed(server: IamServer) -> None:
    answer = server.query(LOGIN, keys=None, headers={**FORM, "Authorization": "AWS4-HMAC-SHA256 Credential=a"})
    assert (answer.status, answer.code) == (400, "IncompleteSignature")


@pytest.mark.parametrize("authorization", ["AWS AKIAROOT:c2lnbmF0dXJl", "Bearer abc", "Basic YTpi"])
def test_other_schemes(server: IamServer, authorization: str) -> None:
    answer = server.query(LOGIN, keys=None, headers={**FORM, "Authorization": authorization})
    assert answer.status == 400


def test_signature_version_2_in_the_query(server: IamServer) -> None:
    target = "/?AWSAccessKeyId=AKIAROOT&Signature=x&Expires=1&Action=GetUser&Version=2010-05-08"
    assert server.query(b"", keys=None, method="GET", target=target).status == 400


@pytest.mark.parametrize(("region", "code"), [("us-east-1", "NotImplemented"), ("eu-central-1", "NotImplemented")])
def test_regions(server: IamServer, region: str, code: str) -> None:
    assert server.query(LOGIN, region=region).code == code


def test_another_region(server: IamServer) -> None:
    answer = server.query(LOGIN, region="mars-north-1")
    assert (answer.status, answer.code) == (400, "IncompleteSignature")


def test_long_ago(server: IamServer) -> None:
    import datetime

    from botocore import auth

    request = AWSRequest("POST", server.endpoint + "/", dict(FORM), b"Action=GetUser&Version=2010-05-08")

    class Early(auth.SigV4Auth):
        def add_auth(self, request: Any) -> None:
            then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=2)
            request.context["timestamp"] = then.strftime("%Y%m%dT%H%M%SZ")
            self._modify_request_before_signing(request)
            text = self.string_to_sign(request, self.canonical_request(request))
            self._inject_signature_to_request(request, self.signature(text, request))

    Early(Credentials(*ROOT), "iam", "us-east-1").add_auth(request)
    answer = server.send("POST", "/", dict(request.headers.items()), b"Action=GetUser&Version=2010-05-08")
    assert (answer.status, answer.texts("Code")) == (400, ["RequestExpired"])


def presigned(server: IamServer, service: str, query: str, *, expires: int = 60) -> str:
    request = AWSRequest("GET", f"{server.endpoint}/?{query}", {"x-k8s-aws-id": "cluster"})
    SigV4QueryAuth(Credentials(*ROOT), service, "us-east-1", expires=expires).add_auth(request)
    return str(request.url).removeprefix(server.endpoint)


def test_presigned(server: IamServer) -> None:
    target = presigned(server, "iam", "Action=CreateLoginProfile&Version=2010-05-08")
    headers = {"x-k8s-aws-id": "cluster"}
    assert server.send("GET", target, headers).texts("Code") == ["NotImplemented"]
    assert server.send("GET", target, {"x-k8s-aws-id": "other"}).texts("Code") == ["SignatureDoesNotMatch"]
    assert server.send("GET", target + "&a=b", headers).texts("Code") == ["SignatureDoesNotMatch"]


def test_query_and_body_together(server: IamServer) -> None:
    answer = server.query("Version=2010-05-08", target="/?Action=CreateLoginProfile")
    assert answer.code == "NotImplemented"
    assert server.query("Action=a&Version=2010-05-08", target="/?Action=b").code == "InvalidQueryParameter"


# --- whose request it is ---


def test_s3_stays_s3(server: IamServer) -> None:
    assert server.ask("GET", "/").status == 200
    assert server.ask("GET", "/?Action=ListUsers&Version=2010-05-08").texts("Buckets") != []
    assert server.ask("POST", "/").texts("Code") == ["MethodNotAllowed"]
    assert server.query("", method="GET").code == "AuthorizationHeaderMalformed"
    assert server.send("GET", "/", {}).texts("Code") == ["AccessDenied"]
    assert server.send("POST", "/", {}).texts("Code") == ["MethodNotAllowed"]


def test_a_path_is_no_query(server: IamServer) -> None:
    answer = server.query(LOGIN, target="/bucket")
    assert answer.code == "AuthorizationHeaderMalformed" or answer.status in (400, 403, 412)


def test_a_namespace_for_each_service(server: IamServer) -> None:
    assert server.query({"Action": "Nothing"}, service="sts").root == f"{STS}ErrorResponse"
    assert server.query("Action=Nothing&Version=2011-06-15", keys=None).root == f"{STS}ErrorResponse"
    assert server.query("Action=Nothing&Version=2010-05-08", keys=None).root == f"{IAM}ErrorResponse"


def test_labels_are_few(server: IamServer) -> None:
    for action in ("Nothing", "CreateLoginProfile", "x" * 1000):
        server.query({"Action": action})
    server.query("a=%ff")
    text = server.observer.metrics.render()
    labels = {line.split('"')[1] for line in text.splitlines() if line.startswith("trug_requests_total{")}
    assert {"iam:Unresolved", "iam:CreateLoginProfile"} <= labels
    assert not any("xxx" in label or "Nothing" in label for label in labels)


def test_endpoints_with_a_port(server: IamServer) -> None:
    assert urlsplit(server.endpoint).port
