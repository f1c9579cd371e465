"""s3cmd, which signs its URLs with signature version 2 and cannot list versions."""

from __future__ import annotations

from pathlib import Path

from probe import (
    LARGE,
    ODD_KEYS,
    Server,
    command,
    expect,
    expect_equal,
    expect_files,
    expect_same,
    fetch,
    new_bucket_name,
    payload,
    run,
    step,
    write_odd_files,
)

BIG = payload(LARGE, "s3cmd")
CONFIG = """[default]
access_key = {access_key}
secret_key = {secret_key}
host_base = {address}
host_bucket = {address}
use_https = {is_tls}
signurl_use_https = {is_tls}
ca_certs_file = {ca_file}
"""


class S3cmd:
    """The program, told where the server is."""

    def __init__(self, server: Server, scratch: Path) -> None:
        self.config = str(scratch / "s3cfg")
        told = CONFIG.format(address=server.address, is_tls=server.is_tls, **server._asdict())
        Path(self.config).write_text(told)

    def __call__(self, *arguments: str) -> bytes:
        return command(("s3cmd", "--config", self.config, "--no-progress", *arguments), {})


def lifecycle(server: Server, scratch: Path) -> None:
    s3cmd = S3cmd(server, scratch)
    bucket = new_bucket_name("s3cmd")
    at = f"s3://{bucket}"
    with step("create bucket"):
        s3cmd("mb", at)
    try:
        upload(s3cmd, at, scratch)
        trees(s3cmd, at, scratch)
        listing(s3cmd, at)
        reads(server, s3cmd, at, scratch)
        copies(s3cmd, at, scratch)
        tags(s3cmd, at)
        expiring(s3cmd, at, scratch)
        website(s3cmd, at)
        versioning(s3cmd, at)
    finally:
        remove(s3cmd, at)


def read(s3cmd: S3cmd, url: str, scratch: Path) -> bytes:
    s3cmd("get", "--force", url, str(scratch / "got"))
    return (scratch / "got").read_bytes()


def upload(s3cmd: S3cmd, at: str, scratch: Path) -> None:
    with step("upload small and large"):
        (scratch / "small").write_bytes(b"a")
        (scratch / "large").write_bytes(BIG)
        s3cmd("put", str(scratch / "small"), f"{at}/odd/a")
        expect_same(read(s3cmd, f"{at}/odd/a", scratch), b"a", "small")
        s3cmd("put", "--multipart-chunk-size-mb=5", str(scratch / "large"), f"{at}/large")
        expect_same(read(s3cmd, f"{at}/large", scratch), BIG, "large")
        expect_equal(s3cmd("multipart", at).count(b"large"), 0, "open uploads")


def trees(s3cmd: S3cmd, at: str, scratch: Path) -> None:
    with step("sync odd names up and down"):
        contents = write_odd_files(scratch / "tree")
        s3cmd("sync", f"{scratch}/tree/", f"{at}/tree/")
        (scratch / "again").mkdir()
        s3cmd("sync", f"{at}/tree/", f"{scratch}/again/")
        expect_files(scratch / "again", contents)


def listing(s3cmd: S3cmd, at: str) -> None:
    with step("list"):
        shown = s3cmd("ls", f"{at}/").decode()
        expect(f"DIR  {at}/odd/" in shown and f"{LARGE}  {at}/large" in shown, shown)
        everything = s3cmd("ls", "--recursive", at).decode()
        expect(f"{at}/tree/{ODD_KEYS[7]}" in everything, everything)
    with step("what info asks about buckets and objects"):
        expect("Location:" in s3cmd("info", at).decode(), "info of a bucket")
        expect(f"File size: {LARGE}" in s3cmd("info", f"{at}/large").decode(), "info of an object")
        expect(b"objects" in s3cmd("du", at), "du")


def reads(server: Server, s3cmd: S3cmd, at: str, scratch: Path) -> None:
    with step("continue a download, which is a ranged read"):
        (scratch / "torn").write_bytes(BIG[: LARGE // 2])
        s3cmd("get", "--continue", f"{at}/large", str(scratch / "torn"))
        expect_same((scratch / "torn").read_bytes(), BIG, "continued")
    with step("presigned"):
        url = s3cmd("signurl", f"{at}/tree/{ODD_KEYS[7]}", "+60").decode().strip()
        expect_same(fetch(server, url), ODD_KEYS[7].encode(), "presigned GET")


def copies(s3cmd: S3cmd, at: str, scratch: Path) -> None:
    with step("copy and move on the server"):
        s3cmd("cp", f"{at}/tree/{ODD_KEYS[7]}", f"{at}/copy/ünï")
        expect_same(read(s3cmd, f"{at}/copy/ünï", scratch), ODD_KEYS[7].encode(), "copy")
        s3cmd("cp", f"{at}/large", f"{at}/copy/large")
        expect_same(read(s3cmd, f"{at}/copy/large", scratch), BIG, "copy of large")
        s3cmd("mv", f"{at}/copy/ünï", f"{at}/moved")
        expect_same(read(s3cmd, f"{at}/moved", scratch), ODD_KEYS[7].encode(), "moved")
        s3cmd("modify", "--add-header", "x-amz-meta-colour: red", f"{at}/moved")
        expect("x-amz-meta-colour: red" in s3cmd("info", f"{at}/moved").decode(), "modified metadata")


def tags(s3cmd: S3cmd, at: str) -> None:
    with step("tags of the bucket and of an object"):
        for place in (at, f"{at}/large"):
            s3cmd("settagging", place, "kind=probe&of=s3cmd")
            shown = s3cmd("gettagging", place).decode()
            expect("kind:\tprobe" in shown and "of:\ts3cmd" in shown, shown)
            s3cmd("deltagging", place)
        expect("kind" not in s3cmd("gettagging", f"{at}/large").decode(), "tags are gone")


RULES = "<LifecycleConfiguration>{0}</LifecycleConfiguration>"
OLD_FORM = (
    "<Rule><ID>old</ID><Prefix>nothing/old/</Prefix><Status>Enabled</Status>"
    "<Expiration><Days>1</Days></Expiration></Rule>"
)
NEW_FORM = (
    "<Rule><ID>new</ID><Filter><Prefix>nothing/new/</Prefix></Filter><Status>Enabled</Status>"
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>"
)


def expiring(s3cmd: S3cmd, at: str, scratch: Path) -> None:
    with step("lifecycle rules, of a file and of its own making"):
        for rule, prefix in ((OLD_FORM, "nothing/old/"), (NEW_FORM, "nothing/new/")):
            (scratch / "rules.xml").write_text(RULES.format(rule))
            s3cmd("setlifecycle", str(scratch / "rules.xml"), at)
            shown = s3cmd("getlifecycle", at).decode()
            expect(f"<Prefix>{prefix}</Prefix>" in shown, shown)
            expect("Expiration Rule:" in s3cmd("info", at).decode(), "info tells of rules")
        s3cmd("dellifecycle", at)
        expect("expiration rule: none" in s3cmd("info", at).decode().lower(), "rules are gone")
        s3cmd("expire", "--expiry-days=1", "--expiry-prefix=nothing/", at)
        expect("nothing/" in s3cmd("getlifecycle", at).decode(), "the rule of expire")
        s3cmd("dellifecycle", at)


def website(s3cmd: S3cmd, at: str) -> None:
    with step("website configuration"):
        s3cmd("ws-create", "--ws-index=start.html", "--ws-error=sorry.html", at)
        shown = s3cmd("ws-info", at).decode()
        expect("start.html" in shown and "sorry.html" in shown, shown)
        s3cmd("ws-delete", at)
        expect("start.html" not in s3cmd("ws-info", at).decode(), "the website is gone")


def versioning(s3cmd: S3cmd, at: str) -> None:
    with step("versioning of an empty bucket"):
        other = f"{at}-versions"
        s3cmd("mb", other)
        try:
            s3cmd("setversioning", other, "enable")
            expect("Versioning:Enabled" in s3cmd("info", other).decode(), "versioning is enabled")
        finally:
            s3cmd("rb", other)


def remove(s3cmd: S3cmd, at: str) -> None:
    with step("delete everything and remove bucket"):
        s3cmd("del", f"{at}/odd/a")
        s3cmd("rb", "--recursive", "--force", at)
        expect(f" {at}\n" not in s3cmd("ls").decode(), "the bucket is gone")


if __name__ == "__main__":
    run(lifecycle)
