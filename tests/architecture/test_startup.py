"""What a start does without: libraries that only migrations, management or rarer requests need."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.processes import environment

NOT_AT_START = {
    "aiofiles",
    "aiosqlite",
    "alembic",
    "boto3",
    "botocore",
    "click",
    "cryptography",
    "dotenv",
    "greenlet",
    "jinja2",
    "lxml",
    "mako",
    "python_multipart",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}

SERVE_AND_TELL = """
import os, signal, sys, threading

def tell():
    sys.stdin.readline()
    print(" ".join(sys.modules), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=tell, daemon=True).start()

from trug.cli import main
sys.exit(main(["serve", sys.argv[1], "--dev", "--host", "127.0.0.1", "--port", "0", "--ready-fd", "1"]))
"""


def modules_after_the_first_answer(directory: Path) -> set[str]:
    """The top-level modules that a serving process has imported once it has answered."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE_AND_TELL, str(directory / "data")],
        cwd=directory,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate(timeout=60)[1])
        url = urlsplit(json.loads(line)["s3"][0])
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        connection.request("GET", "/-/live")
        assert connection.getresponse().status == 200
        connection.close()
        told, errors = process.communicate("\n", timeout=60)
    assert process.returncode == 0, errors
    return {name.partition(".")[0] for name in told.split()}


def test_an_up_to_date_store_is_served_without_what_is_rarely_needed(tmp_path: Path) -> None:
    modules_after_the_first_answer(tmp_path)
    assert modules_after_the_first_answer(tmp_path) & NOT_AT_START == set()
