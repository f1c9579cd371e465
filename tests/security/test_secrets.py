"""No secret is told: not in the log at its finest, not in what is answered to refusals, not in the audit trail."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

import boto3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.forms import CONTENT_TYPE, form, signed
from tests.support.processes import SECONDS, environment, first_line, run

ROOT = ("AKIAROOTOFALL", "root+secret/of-the-store-0123456789")
REGION = "us-east-1"
TALKATIVE = """
import logging, sys
from trug import cli, observe
observe.configure_logging.__kwdefaults__["level"] = logging.DEBUG
code = cli.main(sys.argv[1:])
logging.getLogger("asyncio").debug("the last word")
sys.exit(code)
"""
"""trug with all loggers at debug: of its libraries too."""


class Witness:
    """Keeps all secrets that were said, and all that was told by refusals."""

    def __init__(self, s3: str, console: str) -> None:
        self.s3 = s3
        self.console = console
        self.secrets: set[str] = set()
        self.told: list[bytes] = []

    def hide(self, *texts: str) -> None:
        self.secrets.update(texts)

    def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | str = b""
    ) -> tuple[int, bytes]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status >= 400:
            self.told += [content, str(answer.headers).encode()]
        return answer.status, content

    def ask(
        self,
        method: str,
        path: str,
        keys: tuple[str, ...] = ROOT,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        service: str = "s3",
        spoils: bool = False,
    ) -> tuple[int, bytes]:
        """Signed in the header; ``spoils`` sends it with another method than was signed."""
        url = self.s3 + path
        request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(Credentials(*keys), service, REGION).add_auth(request)
        sent = dict(request.headers.items())
        self.hide(sent["Authorization"], sent["Authorization"].rpartition("=")[2])
        return self.send("DELETE" if spoils else method, url, sent, body)

    def query(self, service: str, keys: tuple[str, ...], **parameters: str) -> ElementTree.Element:
        """A query of IAM or STS."""
        version = {"iam": "2010-05-08", "sts": "2011-06-15"}[service]
        body = urlencode({**parameters, "Version": version}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return ElementTree.fromstring(self.ask("POST", "/", keys, headers, body, service=service)[1])

    def presigned(self, method: str, path: str, keys: tuple[str, ...] = ROOT, *, expires: int = 900) -> str:
        request = AWSRequest(method, self.s3 + path)
        S3SigV4QueryAuth(Credentials(*keys), "s3", REGION, expires=expires).add_auth(request)
        url = str(request.url)
        self.hide(url.rpartition("X-Amz-Signature=")[2])
        return url

    def forms_of(self, secret: str) -> Iterator[bytes]:
        """A secret as it may be written."""
        yield secret.encode()
        yield quote(secret, safe="").encode()
        yield base64.b64encode(secret.encode())
        yield secret.encode().hex(" ").encode()

    def check(self, place: str, told: bytes) -> None:
        for secret in self.secrets:
            for form_of_it in self.forms_of(secret):
                at = told.find(form_of_it)
                assert at < 0, f"{place} tells {secret!r}: …{told[max(at - 200, 0) : at + 80]!r}"


@contextmanager
def talking(directory: Path) -> Iterator[Witness]:
    read, write = os.pipe()
    options = ("--port", "0", "--console-port", "0", "--sse-c-over-http", "--sigv2", "--ready-fd", str(write))
    with (directory / "server.log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", TALKATIVE, "serve", str(directory / "data"), *options],
            cwd=directory,
            env={**environment(), "TRUG_ROOT_ACCESS_KEY": ROOT[0], "TRUG_ROOT_SECRET_KEY": ROOT[1]},
            stdout=out,
            stderr=out,
            pass_fds=(write,),
        )
    os.close(write)
    try:
        listening = json.loads(first_line(read))
        witness = Witness(listening["s3"][0], listening["console"][0])
        witness.hide(ROOT[1])
        yield witness
        process.terminate()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait(SECONDS)


def customer_key() -> tuple[str, dict[str, str]]:
    raw = secrets.token_bytes(32)
    name = "x-amz-server-side-encryption-customer"
    key = base64.b64encode(raw).decode()
    md5 = base64.b64encode(hashlib.md5(raw).digest()).decode()
    return key, {f"{name}-algorithm": "AES256", f"{name}-key": key, f"{name}-key-MD5": md5}


def text_of(root: ElementTree.Element, name: str) -> str:
    return next(element.text or "" for element in root.iter() if element.tag.endswith(f"}}{name}"))


def signatures(witness: Witness) -> None:
    """Good ones, and ones that fail in every way that there is."""
    assert witness.ask("PUT", "/data")[0] == 200
    assert witness.ask("PUT", "/data/k", body=b"x")[0] == 200
    assert witness.send("GET", witness.presigned("GET", "/data/k"))[0] == 200
    assert witness.send("GET", witness.presigned("GET", "/data/none"))[0] == 404
    assert witness.send("GET", witness.presigned("GET", "/data/k") + "&X-Amz-Signature=0")[0] == 403
    wrong = (ROOT[0], "a-wrong-secret-0123456789")
    witness.hide(wrong[1])
    assert witness.ask("GET", "/data/k", (ROOT[0], f"{ROOT[1]}\n"))[0] == 403
    assert witness.ask("GET", "/data/k", wrong)[0] == 403
    assert witness.ask("GET", "/data/k", ("AKIAUNKNOWN", wrong[1]))[0] == 403
    for garbled in ("Bearer bearer-of-a-secret", "AWS4-HMAC-SHA256 Credential=none-of-a-secret", "a-secret-alone"):
        witness.hide(garbled.rpartition(" ")[2].rpartition("=")[2])
        assert witness.send("GET", f"{witness.s3}/data/k", {"Authorization": garbled})[0] in (400, 403)
    old = boto3.client(
        "s3",
        endpoint_url=witness.s3,
        aws_access_key_id=ROOT[0],
        aws_secret_access_key=ROOT[1],
        config=boto3.session.Config(signature_version="s3", s3={"addressing_style": "path"}),
    ).generate_presigned_url("get_object", {"Bucket": "data", "Key": "k"})
    witness.hide(dict(pair.partition("=")[::2] for pair in urlsplit(old).query.split("&"))["Signature"])
    assert witness.send("GET", old)[0] == 200
    assert witness.send("GET", old.replace("/data/k", "/data/none"))[0] == 403


def customers_keys(witness: Witness) -> None:
    key, headers = customer_key()
    other, others = customer_key()
    witness.hide(key, other)
    assert witness.ask("PUT", "/data/sealed", headers=headers, body=b"x")[0] == 200
    assert witness.ask("GET", "/data/sealed", headers=headers)[0] == 200
    assert witness.ask("GET", "/data/sealed", headers=others)[0] == 403
    assert witness.ask("GET", "/data/sealed")[0] == 400
    assert witness.ask("GET", "/data/sealed", headers=headers, spoils=True)[0] == 403
    copied = {name.replace("x-amz-", "x-amz-copy-source-"): value for name, value in others.items()}
    assert witness.ask("PUT", "/data/copy", headers={**copied, "x-amz-copy-source": "/data/sealed"})[0] == 403
    assert (
        witness.ask("PUT", "/data/cut", headers={**headers, "x-amz-server-side-encryption-customer-key": key[:9]})[0]
        == 400
    )


def sessions(witness: Witness) -> None:
    witness.query("iam", ROOT, Action="CreateUser", UserName="ann")
    made = witness.query("iam", ROOT, Action="CreateAccessKey", UserName="ann")
    ann = (text_of(made, "AccessKeyId"), text_of(made, "SecretAccessKey"))
    got = witness.query("sts", ann, Action="GetSessionToken")
    session = (text_of(got, "AccessKeyId"), text_of(got, "SecretAccessKey"), text_of(got, "SessionToken"))
    witness.hide(ann[1], *session[1:])
    assert witness.ask("GET", "/data/k", ann)[0] == 403
    assert witness.ask("GET", "/data/k", session)[0] == 403
    assert witness.ask("GET", "/data/k", session, spoils=True)[0] == 403
    url = witness.presigned("GET", "/data/k", session)
    assert witness.send("GET", url)[0] == 403
    assert witness.send("PUT", url)[0] == 403
    assert witness.ask("GET", "/data/k", (session[0], session[1], session[2][:-8]))[0] in (400, 403)
    witness.hide("a-pass-word-of-ann", "a-web-identity-token.of.nobody")
    witness.query("iam", ROOT, Action="CreateLoginProfile", UserName="ann", Password="a-pass-word-of-ann")
    witness.query(
        "sts",
        ROOT,
        Action="AssumeRoleWithWebIdentity",
        RoleArn="arn:aws:iam::000000000000:role/none",
        RoleSessionName="s",
        WebIdentityToken="a-web-identity-token.of.nobody",
    )
    witness.query("iam", (ann[0], f"{ann[1]} "), Action="ListUsers")
    witness.query("iam", ROOT, Action="DeleteAccessKey", UserName="ann", AccessKeyId=ann[0])


def forms_and_console(witness: Witness) -> None:
    for keys, status in ((ROOT, 204), ((ROOT[0], "wrong-secret-of-a-form"), 403)):
        fields = signed(keys, {"key": "posted"}, bucket="data")
        witness.hide(fields["x-amz-signature"], keys[1])
        assert witness.send("POST", f"{witness.s3}/data", {"Content-Type": CONTENT_TYPE}, form(fields))[0] == status
    for secret in (ROOT[1], "wrong-secret-for-the-console"):
        basic = base64.b64encode(f"{ROOT[0]}:{secret}".encode()).decode()
        witness.hide(secret, basic)
        witness.send("GET", f"{witness.console}/api/v1/buckets", {"Authorization": f"Basic {basic}"})
    witness.hide("bearer-token-of-nobody")
    witness.send("GET", f"{witness.console}/api/v1/buckets", {"Authorization": "Bearer bearer-token-of-nobody"})


def without_what_was_provided(told: bytes) -> bytes:
    """Answers of SignatureDoesNotMatch give a client back the signature that it sent, as S3's do."""
    begin, end = b"<SignatureProvided>", b"</SignatureProvided>"
    before, found, rest = told.partition(begin)
    return before + rest.partition(end)[2] if found else told


def test_no_secret_is_told(tmp_path: Path) -> None:
    with talking(tmp_path) as witness:
        signatures(witness)
        customers_keys(witness)
        sessions(witness)
        forms_and_console(witness)
        made = run(tmp_path, "key", "add", "--user", "ann", "--dir", "data", "--json")
        witness.hide(json.loads(made.stdout)["key"]["secret_key"])
        audit = run(tmp_path, "audit", "--dir", "data", "--json").stdout
    log = (tmp_path / "server.log").read_bytes()
    records: list[Any] = json.loads(audit)["records"]
    assert len(records) >= 5
    assert b"Diagnosis" in b"".join(witness.told)
    assert b"the last word" in log
    assert b"The secret key that the client signed with" in log
    witness.check("the audit trail", audit.encode())
    witness.check("the log", log)
    for told in witness.told:
        witness.check("a refusal", without_what_was_provided(told))
