"""How files are called: extensions, and URLs on S3."""

from __future__ import annotations

import re
from urllib.parse import quote

from trug.manage.api.visit import Surroundings

EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,16}\Z")


def extension_of(key: str) -> str:
    """``.jpg`` of ``photos/a.JPG``, empty where the last part of the key has none."""
    name = key.rpartition("/")[2]
    found = EXTENSION.search(name)
    return found[0].lower() if found and found.start() else ""


def url_of(around: Surroundings, bucket: str, key: str) -> str:
    """Where S3 has the file."""
    return f"{around.public_url}/{bucket}/{quote(key, safe='/-_.~')}"
