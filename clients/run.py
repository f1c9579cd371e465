"""Run the probes against a server of our own, over HTTP and over TLS."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from probe import CLIENTS, Server, clean_environment

CACHE = CLIENTS / ".cache"
BIN = Path(sys.executable).parent
S3FS = "s3fs==2026.9.0"
LONGEST = 300  # seconds, for one probe or one download
KEYS = ("minioadmin", "minioadmin")


class Missing(Exception):
    """The toolchain of a probe is not there, and why."""


class Ready(NamedTuple):
    """How to start a probe."""

    command: list[str]
    folder: Path = CLIENTS
    python_path: str = ""


class Probe(NamedTuple):
    """One client; ``make test`` installs what it needs unless its toolchain is optional."""

    name: str
    prepare: Callable[[], Ready]
    is_optional: bool = False


# Toolchains


def python_probe(file: str, module: str) -> Callable[[], Ready]:
    def prepare() -> Ready:
        if importlib.util.find_spec(module) is None:
            raise Missing(f"the Python package {module} is not installed")
        return Ready([sys.executable, file])

    return prepare


def program_probe(file: str, program: str) -> Callable[[], Ready]:
    def prepare() -> Ready:
        if shutil.which(program, path=search_path()) is None:
            raise Missing(f"the program {program} is not installed")
        return Ready([sys.executable, file])

    return prepare


def prepare_s3fs() -> Ready:
    """s3fs in a directory of its own, because it pins another botocore than boto3 does."""
    home = CACHE / f"{S3FS}-py{sys.version_info.major}{sys.version_info.minor}"
    if not home.is_dir():
        with staged(home) as target:
            fetch([*installer(), "--target", str(target), S3FS], CLIENTS)
    return Ready([sys.executable, "s3fs_probe.py"], python_path=str(home))


def installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet"]
    uv = shutil.which("uv")
    if uv is None:
        raise Missing("neither pip nor uv is installed")
    return [uv, "pip", "install", "--quiet", "--python", sys.executable]


def prepare_minio_go() -> Ready:
    folder, program = CLIENTS / "minio_go", CACHE / "minio_go"
    go = shutil.which("go")
    if go is None:
        raise Missing("the program go is not installed")
    fetch([go, "mod", "download"], folder)
    subprocess.run([go, "build", "-o", program, "."], cwd=folder, check=True, timeout=LONGEST)
    return Ready([str(program)], folder)


def prepare_aws_sdk_js() -> Ready:
    folder = CLIENTS / "aws_sdk_js"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Missing("the programs node and npm are not installed")
    lock = folder / "package-lock.json"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    modules, stamp = folder / "node_modules", folder / "node_modules" / ".fetched"
    if not (stamp.is_file() and stamp.read_text() == digest):
        shutil.rmtree(modules, ignore_errors=True)
        with staged(modules) as target:
            for file in (lock, folder / "package.json"):
                shutil.copy(file, target)
            fetch([npm, "ci", "--no-audit", "--no-fund", "--loglevel", "error"], target)
            (target / "node_modules" / ".fetched").write_text(digest)
            for part in list((target / "node_modules").iterdir()):
                part.rename(target / part.name)
    return Ready([node, "probe.mjs"], folder)


@contextmanager
def staged(final: Path) -> Iterator[Path]:
    """A directory that appears under its final name when it is complete; several processes may fetch at once."""
    CACHE.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=CACHE) as room:
        target = Path(room) / "new"
        target.mkdir()
        yield target
        try:
            target.rename(final)
        except OSError:
            if not final.is_dir():
                raise


def fetch(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Missing(f"{Path(command[0]).name} could not fetch its packages: {told[-1]}")


PROBES = (
    Probe("boto3", python_probe("boto3_probe.py", "boto3")),
    Probe("minio-py", python_probe("minio_py_probe.py", "minio")),
    Probe("aws-cli", program_probe("aws_cli_probe.py", "aws")),
    Probe("minio-go", prepare_minio_go, is_optional=True),
    Probe("aws-sdk-js", prepare_aws_sdk_js, is_optional=True),
    Probe("rclone", program_probe("rclone_probe.py", "rclone")),
    Probe("s3cmd", program_probe("s3cmd_probe.py", "s3cmd")),
    Probe("restic", program_probe("restic_probe.py", "restic"), is_optional=True),
    Probe("curl-form", program_probe("curl_form_probe.py", "curl"), is_optional=True),
    Probe("json-api", python_probe("json_api_probe.py", "msgspec")),
    Probe("lock", python_probe("lock_probe.py", "boto3")),
    Probe("pyarrow", python_probe("pyarrow_probe.py", "pyarrow")),
    Probe("s3fs", prepare_s3fs),
)


def search_path() -> str:
    return os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath)))


# The server


@contextmanager
def serving(scheme: str, room: Path) -> Iterator[Server]:
    """A server on a free port, with a data directory of its own; stopped by TERM."""
    tls = write_certificate(room) if scheme == "tls" else None
    options = [] if tls is None else ["--tls-cert", str(tls.certificate), "--tls-key", str(tls.key)]
    data = room / "data"
    read_end, write_end = os.pipe()
    with open(room / "server.log", "wb") as log:
        ports = ["--port", "0", "--console-port", "0", "--ready-fd", str(write_end)]
        flags = ["--dev", *ports, "--lifecycle-day", "1", *options]
        process = subprocess.Popen(
            [sys.executable, "-m", "trug", "serve", str(data), *flags],
            env={**clean_environment(str(room)), "PYTHONPATH": str(CLIENTS.parent / "server")},
            cwd=room,
            stderr=log,
            pass_fds=[write_end],
        )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as ready:
            line = ready.readline()
        if not line:
            raise SystemExit("the server did not start:\n" + (room / "server.log").read_text("utf-8", "replace"))
        urls = json.loads(line)
        ca_file = str(tls.certificate) if tls else ""
        yield Server(urls["s3"][0], *KEYS, ca_file=ca_file, has_short_days=True, console=urls["console"][0])
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()


class Certificate(NamedTuple):
    certificate: Path
    key: Path


def write_certificate(room: Path) -> Certificate:
    """A self-signed certificate for this machine, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
    now = datetime.now(UTC)
    signs = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(signs, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(room / "certificate.pem", room / "key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    return made


# The run


class Outcome(NamedTuple):
    verdict: str
    why: str = ""


def run_probe(probe: Probe, server: Server, room: Path) -> Outcome:
    try:
        ready = probe.prepare()
    except Missing as missing:
        is_failure = os.environ.get("CI") == "true" and not probe.is_optional
        return Outcome("failed" if is_failure else "skipped", str(missing))
    environment = {**clean_environment(str(room)), **server.variables(), "PATH": search_path()}
    if ready.python_path:
        environment["PYTHONPATH"] = ready.python_path
    try:
        done = subprocess.run(
            ready.command, cwd=ready.folder, env=environment, capture_output=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired as late:
        return Outcome("failed", f"not finished after {LONGEST} s\n{(late.stdout or b'').decode('utf-8', 'replace')}")
    if done.returncode:
        return Outcome("failed", (done.stdout + done.stderr).decode("utf-8", "replace"))
    return Outcome("ok")


def run_all(probes: list[Probe], schemes: list[str]) -> dict[str, int]:
    counts = {"ok": 0, "failed": 0, "skipped": 0}
    for scheme in schemes:
        with TemporaryDirectory(prefix="trug-probes-") as name, serving(scheme, Path(name)) as server:
            for probe in probes:
                started = time.monotonic()
                outcome = run_probe(probe, server, Path(name))
                counts[outcome.verdict] += 1
                seconds = time.monotonic() - started
                print(f"{probe.name:<11} {scheme:<4} {outcome.verdict:<7} {seconds:5.1f} s  {outcome.why}", flush=True)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(one.name for one in PROBES)}")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--http-only", dest="schemes", action="store_const", const=["http"])
    only.add_argument("--tls-only", dest="schemes", action="store_const", const=["tls"])
    parser.add_argument("--list", action="store_true", help="print the names of the probes")
    options = parser.parse_args()
    unknown = set(options.names) - {one.name for one in PROBES}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    chosen = [one for one in PROBES if not options.names or one.name in options.names]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    counts = run_all(chosen, options.schemes or ["http", "tls"])
    print(f"{counts['ok']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
