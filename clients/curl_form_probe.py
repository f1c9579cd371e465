"""curl, which posts a form as a browser does: the policy is signed beforehand, the form carries it with the file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from boto3_probe import connect, read, remove
from probe import MIB, Server, command, expect, expect_equal, expect_same, new_bucket_name, payload, run, step

PHOTO = payload(3 * MIB, "photo")
REGION = "us-east-1"
PAGE = "https://pages.example/thanks?from=form"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Form:
    """A page with a form for one bucket, and a browser that posts it."""

    def __init__(self, server: Server, bucket: str, scratch: Path) -> None:
        self.server = server
        self.bucket = bucket
        self.photo = scratch / "tree ünd oak.jpg"
        self.photo.write_bytes(PHOTO)

    def signed(self, fields: Mapping[str, str], limits: tuple[int, int] = (1, 8 * MIB)) -> dict[str, str]:
        """The fields with a policy that demands them, signed by version 4."""
        now = datetime.now(UTC)
        day = f"{now:%Y%m%d}"
        scope = f"{day}/{REGION}/s3/aws4_request"
        signature_fields = {
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": f"{self.server.access_key}/{scope}",
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        conditions: list[Any] = [
            {"bucket": self.bucket},
            ["starts-with", "$key", "photos/"],
            ["content-length-range", *limits],
            *({name: value} for name, value in fields.items() if name != "key"),
            *({name: value} for name, value in signature_fields.items()),
        ]
        expiration = f"{now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
        policy = base64.b64encode(json.dumps({"expiration": expiration, "conditions": conditions}).encode()).decode()
        key = f"AWS4{self.server.secret_key}".encode()
        for word in (day, REGION, "s3", "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        signature = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
        return {**fields, **signature_fields, "policy": policy, "x-amz-signature": signature}

    def post(self, fields: Mapping[str, str]) -> Answer:
        trust = ["--cacert", self.server.ca_file] if self.server.ca_file else []
        told = [item for name, value in fields.items() for item in ("--form-string", f"{name}={value}")]
        file = ("--form", f"file=@{self.photo};type=image/jpeg")
        address = f"{self.server.endpoint}/{self.bucket}"
        return _parsed(command(("curl", "--silent", "--show-error", "--include", *trust, *told, *file, address), {}))


def _parsed(answer: bytes) -> Answer:
    """What curl shows: heads of interim answers, then the last head and the body."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    while b" 100 " in head.partition(b"\r\n")[0]:
        head, _, rest = rest.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, rest)


def lifecycle(server: Server, scratch: Path) -> None:
    s3 = connect(server)
    bucket = new_bucket_name("curl-form")
    form = Form(server, bucket, scratch)
    with step("create bucket"):
        s3.create_bucket(Bucket=bucket)
    try:
        created(s3, form)
        redirected(s3, form)
        described(s3, form)
        declined(s3, form)
    finally:
        remove(s3, bucket)


def created(s3: Any, form: Form) -> None:
    with step("the file's own name, and a document about it"):
        answer = form.post(form.signed({"key": "photos/${filename}", "success_action_status": "201"}))
        expect_equal(answer.status, 201, f"status, {answer.body!r}")
        told = {one.tag: one.text for one in ET.fromstring(answer.body)}
        expect_equal((told["Bucket"], told["Key"]), (form.bucket, f"photos/{form.photo.name}"), "place")
        expect_equal(told["ETag"], f'"{hashlib.md5(PHOTO).hexdigest()}"', "ETag")
        expect_equal(told["Location"], answer.headers["location"], "Location")
        expect_same(read(s3, form.bucket, f"photos/{form.photo.name}"), PHOTO, "photo")
    with step("no content unless it is asked for"):
        answer = form.post(form.signed({"key": "photos/quiet"}))
        expect_equal((answer.status, answer.body), (204, b""), "answer")


def redirected(s3: Any, form: Form) -> None:
    with step("on to another page"):
        answer = form.post(form.signed({"key": "photos/sent", "success_action_redirect": PAGE}))
        expect_equal(answer.status, 303, "status")
        etag = hashlib.md5(PHOTO).hexdigest()
        wanted = f"{PAGE}&bucket={form.bucket}&key=photos%2Fsent&etag=%22{etag}%22"
        expect_equal(answer.headers["location"], wanted, "Location")
        expect_same(read(s3, form.bucket, "photos/sent"), PHOTO, "photo")


def described(s3: Any, form: Form) -> None:
    with step("content type, metadata and tags"):
        tagging = "<Tagging><TagSet><Tag><Key>kind</Key><Value>probe</Value></Tag></TagSet></Tagging>"
        fields = {"Content-Type": "image/jpeg", "x-amz-meta-colour": "green", "tagging": tagging}
        answer = form.post(form.signed({"key": "photos/described", **fields}))
        expect_equal(answer.status, 204, f"status, {answer.body!r}")
        named = {"Bucket": form.bucket, "Key": "photos/described"}
        head = s3.head_object(**named)
        expect_equal((head["ContentType"], head["Metadata"]), ("image/jpeg", {"colour": "green"}), "description")
        expect_equal(s3.get_object_tagging(**named)["TagSet"], [{"Key": "kind", "Value": "probe"}], "tags")


def declined(s3: Any, form: Form) -> None:
    with step("what the policy does not allow"):
        elsewhere = form.signed({"key": "elsewhere"})
        uncovered = {**form.signed({"key": "photos/no"}), "x-amz-meta-more": "?"}
        forged = {**form.signed({"key": "photos/no"}), "x-amz-signature": "0" * 64}
        small = form.signed({"key": "photos/no"}, (1, MIB))
        large = form.signed({"key": "photos/no"}, (4 * MIB, 8 * MIB))
        for fields, status, code in (
            (elsewhere, 403, "AccessDenied"),
            (uncovered, 403, "AccessDenied"),
            (forged, 403, "SignatureDoesNotMatch"),
            (small, 400, "EntityTooLarge"),
            (large, 400, "EntityTooSmall"),
        ):
            answer = form.post(fields)
            told = ET.fromstring(answer.body).findtext("Code")
            expect_equal((answer.status, told), (status, code), "refusal")
        kept = [one["Key"] for one in s3.list_objects_v2(Bucket=form.bucket)["Contents"]]
        expect("photos/no" not in kept and "elsewhere" not in kept, kept)


if __name__ == "__main__":
    run(lifecycle)
