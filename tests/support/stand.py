"""A server to attack, in a process of its own, and what must hold of it after every attack."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.hostile import UNSIGNED, Keys, Signer, sha256_of
from tests.support.processes import ROOT as ROOT_FOLDER
from tests.support.processes import SECONDS, ServerProcess, command, environment, first_line, run
from tests.support.raw import Answer, Connection, Cut, Header, request_bytes

ALICE = Keys("AKIAALICE", "alice/secret+0123456789abcdefghijklmnopqr")
ANA = Keys("AKIAANA", "ana/secret+0123456789abcdefghijklmnopqrst")
EVE = Keys("AKIAEVE", "eve/secret+0123456789abcdefghijklmnopqrst")
ROOT = Keys("AKIAROOT", "root/secret+0123456789abcdefghijklmnopqrs")
EVERYBODY = (ALICE, ANA, EVE, ROOT)
INIT = f"""
[[account]]
id = "111111111111"
display_name = "Alice & <Co>"
keys = [{{ access_key = "{ALICE.access_key}", secret_key = "{ALICE.secret}" }}]

[[account.user]]
name = "ana"
policies = ["readwrite"]
keys = [{{ access_key = "{ANA.access_key}", secret_key = "{ANA.secret}" }}]

[[account]]
id = "222222222222"
keys = [{{ access_key = "{EVE.access_key}", secret_key = "{EVE.secret}" }}]
"""
DOMAIN = "s3.test"
KNOWN_FILES = re.compile(
    r"blobs/\d+/\d+|staging/[0-9a-f]{16}/\d+|locks/\w+|keys/(?:master\.key|kms\.json)|(trug\.db|generation|socket|reserve|control)[\w.-]*"
)
SIGNATURE = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
GROWTH = 32 << 20
NUMBERS = count(1)
ERROR_ELEMENTS = {"Code", "Message", "RequestId", "HostId"}


@dataclass
class Stand:
    """The server, everything it has answered to the running test, and how to ask it."""

    server: ServerProcess
    directory: Path
    answers: list[Answer] = field(default_factory=list)
    own: Connection | None = None

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def host(self) -> str:
        return self.url.partition("://")[2]

    # --- asking ---

    def connect(self, *, seconds: float = 10.0) -> Connection:
        return Connection(self.url, seconds=seconds)

    def send(self, raw: bytes, method: str = "GET", *, ends: bool = False) -> Answer:
        """One request on a connection of its own; ``ends`` when nothing more will be sent after it."""
        with self.connect() as connection:
            connection.send(raw)
            if ends:
                connection.end()
            return self.seen(connection.receive(method), method)

    def seen(self, answer: Answer, method: str = "GET") -> Answer:
        """Note an answer for the checks after the test, and check its own form."""
        self.answers.append(answer)
        if answer.status >= 400 and method != "HEAD" and answer.is_xml:
            assert {element.tag for element in answer.root} >= ERROR_ELEMENTS, answer
            assert answer.header("x-amz-request-id") == answer.root.findtext("RequestId")
        return answer

    def spell(
        self,
        method: str,
        target: str,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        *,
        by: Keys | Signer | None = ALICE,
        payload: str | None = None,
        host: str | None = None,
        length: str | None = None,
        **how: Any,
    ) -> bytes:
        """A request in bytes; ``by`` None: not signed. ``how`` goes to ``Signer.header``."""
        sent: list[Header] = [("Host", self.host if host is None else host), *headers]
        if by is not None:
            signer = Signer(by) if isinstance(by, Keys) else by
            sent = signer.header(method, target, sent, sha256_of(body) if payload is None else payload, **how)
        names = {name.lower() for name, _ in sent}
        if length is not None or (body and not names & {"content-length", "transfer-encoding"}):
            sent.append(("Content-Length", str(len(body)) if length is None else length))
        return request_bytes(method, target, sent, body)

    def ask(self, method: str, target: str, headers: Iterable[Header] = (), body: bytes = b"", **how: Any) -> Answer:
        """One request, signed by Alice unless ``by`` says otherwise. The main thread keeps its connection as long as
        the server does: what one request does to the next is seen too."""
        raw = self.spell(method, target, headers, body, **how)
        if threading.current_thread() is not threading.main_thread():
            return self.send(raw, method)
        connection = self.kept()
        connection.send(raw)
        try:
            answer = connection.receive(method)
        except (Cut, TimeoutError):
            self.leave()
            raise
        if answer.header("connection") == "close":
            self.leave()
        return self.seen(answer, method)

    def kept(self) -> Connection:
        """The main thread's connection."""
        if self.own is None:
            self.own = self.connect()
        return self.own

    def leave(self) -> None:
        """Hang up."""
        if self.own is not None:
            self.own.socket.close()
        self.own = None

    def presigned(
        self, method: str, target: str, *, by: Keys | Signer = ALICE, headers: Iterable[Header] = (), **how: Any
    ) -> str:
        signer = Signer(by) if isinstance(by, Keys) else by
        return signer.url(method, target, [("Host", self.host), *headers], **how)

    def visit(self, method: str, target: str, headers: Iterable[Header] = (), body: bytes = b"") -> Answer:
        """One request without a signature in its header."""
        return self.ask(method, target, headers, body, by=None)

    # --- what tests begin with ---

    def make_bucket(self, *, is_versioned: bool = False, by: Keys = ALICE) -> str:
        name = f"bucket-{next(NUMBERS)}"
        assert self.ask("PUT", f"/{name}", by=by).status == 200
        if is_versioned:
            document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            assert self.ask("PUT", f"/{name}?versioning", body=document, by=by).status == 200
        return name

    def put(self, bucket: str, key: str, body: bytes = b"content", headers: Iterable[Header] = ()) -> Answer:
        answer = self.ask("PUT", f"/{bucket}/{key}", headers, body)
        assert answer.status == 200, answer
        return answer

    def get(self, bucket: str, key: str) -> bytes:
        answer = self.ask("GET", f"/{bucket}/{key}")
        assert answer.status == 200, answer
        return answer.body

    def begin_upload(self, bucket: str, key: str = "key", headers: Iterable[Header] = ()) -> str:
        answer = self.ask("POST", f"/{bucket}/{key}?uploads", headers)
        assert answer.status == 200, answer
        return answer.text("UploadId")

    def put_part(self, bucket: str, upload: str, number: int, body: bytes, key: str = "key") -> str:
        """The part's bare ETag."""
        answer = self.ask("PUT", f"/{bucket}/{key}?partNumber={number}&uploadId={upload}", body=body)
        assert answer.status == 200, answer
        return (answer.header("etag") or "").strip('"')

    def holds(self, bucket: str) -> tuple[list[str], list[str]]:
        """Keys of all versions and markers, and of all open uploads, each URL-encoded."""
        versions = self.ask("GET", f"/{bucket}?versions&encoding-type=url")
        uploads = self.ask("GET", f"/{bucket}?uploads&encoding-type=url")
        assert (versions.status, uploads.status) == (200, 200)
        return versions.texts("Key"), uploads.texts("Key")

    # --- what must hold ---

    def blobs(self) -> set[str]:
        """Files that hold objects' bytes, whole or staged; not those that were made ahead of any."""
        return {
            f"{Path(folder).relative_to(self.data)}/{name}"
            for top in ("blobs", "staging")
            for folder, _, names in os.walk(self.data / top)
            for name in names
            if top == "staging" or has_bytes(f"{folder}/{name}")
        }

    def unexpected_files(self) -> list[str]:
        """Files inside and beside the data directory that no server makes."""
        inside = [str(path.relative_to(self.data)) for path in self.data.rglob("*") if not path.is_dir()]
        beside = [path.name for path in self.directory.iterdir()]
        strange = [name for name in inside if KNOWN_FILES.fullmatch(name) is None]
        return strange + sorted(set(beside) - {"data", "init.toml", "server.log"})

    def sockets(self) -> int:
        return sum(link.startswith("socket:") for link in self.descriptors())

    def descriptors(self) -> Iterator[str]:
        """What is open, but for files that were made ahead, some of which always are."""
        folder = f"/proc/{self.server.process.pid}/fd"
        for name in os.listdir(folder):
            try:
                link = os.readlink(f"{folder}/{name}")
            except FileNotFoundError:
                continue
            if not re.search(r"/blobs/\d+/\d+$", link) or has_bytes(link):
                yield link

    def open_blobs(self) -> list[str]:
        return [link for link in self.descriptors() if re.search(r"/(blobs|staging)/[^/]+/\d+", link)]

    def memory(self) -> int:
        """Resident bytes."""
        pages = Path(f"/proc/{self.server.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """Seconds of processor time that the server has spent: what it costs the others, however busy the machine."""
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def costing(self, seconds: float) -> Iterator[None]:
        """At most so much processor time may the server spend within the block."""
        before = self.cpu()
        yield
        spent = self.cpu() - before
        assert spent <= seconds, f"the server spent {spent:.2f} s"

    def log(self) -> str:
        return self.server.log.read_text(errors="replace")

    def check_alive(self) -> None:
        assert self.server.process.poll() is None, self.log()[-4000:]
        with self.connect(seconds=1.0) as connection:
            connection.send(request_bytes("GET", "/-/live", [("Host", self.host)]))
            assert connection.receive().status == 200
        self.kept()

    def check_answers(self) -> None:
        """No failure of the server's own among them, and nobody's secret."""
        for answer in self.answers:
            assert answer.status < 500 or (answer.status, answer.code) == (501, "NotImplemented"), answer
            said = answer.body + repr(answer.headers).encode()
            assert not any(keys.secret.encode() in said for keys in EVERYBODY), answer

    def check_released(self, sockets: int) -> None:
        """Connections and files are let go of, soon."""
        assert eventually(lambda: self.sockets() <= sockets and not self.open_blobs()), list(self.descriptors())

    def check_no_new_blobs(self, before: set[str]) -> None:
        assert eventually(lambda: self.blobs() <= before), self.blobs() - before


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether ``holds()`` becomes true, looked at often."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def has_bytes(path: str) -> bool:
    """Whether a file is there, and not empty."""
    try:
        return os.path.getsize(path) > 0
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Straits:
    """What a server has less of than any setting gives: patience (fields of ``Patience``), connections, open files."""

    patience: dict[str, float]
    most: int
    descriptors: int

    def command(self, flags: dict[str, list[str]], directory: str) -> list[str]:
        numbers = (json.dumps(self.patience), str(self.most), str(self.descriptors))
        return [sys.executable, str(ROOT_FOLDER / "tests/support/impatient.py"), *numbers, json.dumps(flags), directory]


@contextmanager
def standing(directory: Path, straits: Straits | None = None) -> Iterator[Stand]:
    """A server until the block is left, then ended by TERM; its store must be whole after that."""
    (directory / "init.toml").write_text(INIT)
    stand = Stand(_started(directory, straits), directory)
    try:
        _warm_up(stand)
        yield stand
        assert stand.unexpected_files() == []
        stand.leave()
        ended = stand.server.terminate()
        checked = run(directory, "fsck", "--dir", str(stand.data))
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert ended == 0, stand.log()[-4000:]
        _check_log(stand)
    finally:
        stand.leave()
        stand.server.kill()


def _started(directory: Path, straits: Straits | None) -> ServerProcess:
    read, write = os.pipe()
    log = directory / "server.log"
    flags = {
        "init": [str(directory / "init.toml")],
        "domain": [DOMAIN],
        "durability": ["none"],
        "port": ["0"],
        "console_port": ["off"],
        "ready_fd": [str(write)],
        "host": ["127.0.0.1"],
    }
    options = [text for name, values in flags.items() for text in (f"--{name.replace('_', '-')}", *values)]
    data = str(directory / "data")
    started = command("serve", data, *options) if straits is None else straits.command(flags, data)
    keys = {"TRUG_ROOT_ACCESS_KEY": ROOT.access_key, "TRUG_ROOT_SECRET_KEY": ROOT.secret}
    with log.open("ab") as out:
        process = subprocess.Popen(
            started,
            cwd=directory,
            env={**environment(), **keys},
            stdout=out,
            stderr=out,
            pass_fds=(write,),
        )
    os.close(write)
    line = first_line(read, SECONDS)
    if not line:
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
        raise AssertionError(log.read_text())
    url = re.search(rb"http://[0-9.]+:\d+", line)
    assert url is not None
    return ServerProcess(process, url[0].decode(), log)


def _warm_up(stand: Stand) -> None:
    """What is loaded and borrowed on first use counts as nobody's growth."""
    bucket = stand.make_bucket()
    for size in (10, 100_000, 12 << 20):
        stand.ask("PUT", f"/{bucket}/warm", body=bytes(size), payload=UNSIGNED)
        stand.ask("GET", f"/{bucket}/warm")
    stand.ask("DELETE", f"/{bucket}/warm")
    stand.ask("POST", f"/{bucket}?delete", body=b"<Delete><Object><Key>a</Key></Object></Delete>")
    stand.answers.clear()


def _check_log(stand: Stand) -> None:
    log = stand.log()
    assert not any(keys.secret in log for keys in EVERYBODY)
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
    assert not any(len(set(text)) > 8 for text in SIGNATURE.findall(log)), "a signature in the log"
