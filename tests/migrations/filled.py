"""Filled stores of older formats, kept as text: how they are made, and how they become stores again.

``python -m tests.migrations.filled REVISION`` makes the one of a revision of this repository: it checks that out in a
folder of its own, runs its server on an empty directory, fills it over a socket (``clients_view.fill``), and writes
two files, named after the format. ``stores/0001.sql`` is the dump of ``trug.db``; ``stores/0001.json`` has the other
files (deflated, in base64), and what clients saw of it all. That of format 1 comes from revision f1f99b4.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.migrations.clients_view import INIT, OPTIONS, client, fill, seen
from tests.support.processes import SECONDS, first_line

from trug.adapters.sql.connection import create_file, open_writer

STORES = Path(__file__).parent / "stores"
KEPT = ("blobs", "keys")
"""The folders of a store that have to outlive its server."""


def load(name: str, directory: Path) -> dict[str, Any]:
    """Make the store of this name in an empty folder; what clients saw of it."""
    noted = json.loads((STORES / f"{name}.json").read_text())
    directory.mkdir(mode=0o700, exist_ok=True)
    for path, text in noted["files"].items():
        file = directory / path
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(zlib.decompress(base64.b64decode(text)))
        file.chmod(0o600)
    create_file(str(directory / "trug.db"))
    with closing(open_writer(str(directory / "trug.db"), "none")) as connection:
        connection.executescript((STORES / f"{name}.sql").read_text())
    seen: dict[str, Any] = noted["seen"]
    return seen


# Making one


def make(revision: str) -> str:
    """Write down a filled store of this revision; the name it is kept under."""
    with tempfile.TemporaryDirectory(prefix="trug-filled-") as scratch, tree_of(revision, Path(scratch)) as tree:
        directory = Path(scratch) / "data"
        view = filled_by(tree, directory)
        name = write_down(directory, view)
    print(f"wrote {STORES / name}.sql and .json")
    return name


@contextmanager
def tree_of(revision: str, scratch: Path) -> Iterator[Path]:
    """The files of a revision."""
    tree = scratch / "tree"
    subprocess.run(["git", "worktree", "add", "--detach", str(tree), revision], check=True)
    try:
        yield tree
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(tree)], check=True)


def filled_by(tree: Path, directory: Path) -> dict[str, Any]:
    """Run the server of a tree, fill it, end it; what clients saw in the end."""
    init = tree / "init.toml"
    init.write_text(INIT)
    run(tree, "init", str(directory), "--dev", "--init", str(init))
    with server_of(tree, directory) as url:
        fill(client(url))
    run(tree, "quota", "set", "--bucket", "plain", "--bytes", "1000000000", "--dir", str(directory))
    with server_of(tree, directory) as url:
        return seen(client(url))


def run(tree: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "trug", *arguments], cwd=tree, env=environment(tree), check=True, timeout=60)


def environment(tree: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRUG_")}
    return {**kept, "PYTHONPATH": str(tree / "server")}


@contextmanager
def server_of(tree: Path, directory: Path) -> Iterator[str]:
    """A server of another tree, by its URL; it is asked to end in the end."""
    read, write = os.pipe()
    arguments = [sys.executable, "-m", "trug", "serve", str(directory), *OPTIONS, "--ready-fd", str(write)]
    process = subprocess.Popen(arguments, cwd=tree, env=environment(tree), pass_fds=(write,))
    os.close(write)
    try:
        ready = json.loads(first_line(read))
        yield ready["s3"][0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)


def write_down(directory: Path, view: dict[str, Any]) -> str:
    with closing(sqlite3.connect(directory / "trug.db")) as connection:
        (number,) = connection.execute("SELECT format FROM state").fetchone()
        lines = "\n".join(connection.iterdump())
    name = f"{number:04}"
    (STORES / f"{name}.sql").write_text(f"{lines}\n")
    paths = [path for folder in KEPT for path in sorted((directory / folder).rglob("*")) if path.is_file()]
    files = {str(path.relative_to(directory)): packed(path.read_bytes()) for path in paths}
    noted = json.dumps({"files": files, "seen": view}, indent=1, ensure_ascii=False)
    (STORES / f"{name}.json").write_text(f"{noted}\n")
    return name


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="of git: f1f99b4, v1.2 …")
    make(parser.parse_args().revision)
