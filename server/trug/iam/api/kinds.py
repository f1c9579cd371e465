"""What the texts of IAM's parameters may be, after its service model (data)."""

from __future__ import annotations

import re

from trug.iam.api.parameters import Kind

NAME_PATTERN = re.compile(r"[\w+=,.@-]+", re.ASCII)
TEXT_PATTERN = re.compile("[\t\n\r\x20-\x7e\xa1-\xff]*")

NAME = Kind(1, 128, NAME_PATTERN)
"""Of what exists, and new groups and policies."""
SHORT_NAME = Kind(1, 64, NAME_PATTERN)
"""Of new users, and of roles."""
PATH = Kind(1, 512, re.compile("(/)|(/[!-~]+/)"))
POLICY_PATH = Kind(1, 512, re.compile(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/"))
PATH_PREFIX = Kind(1, 512, re.compile("/[!-\x7f]*"))
ARN = Kind(20, 2048, re.compile("arn:.*", re.DOTALL))
RESOURCE = Kind(1, 2048)
DOCUMENT = Kind(1, 131_072, re.compile("[\t\n\r\x20-\xff]+"))
DESCRIPTION = Kind(0, 1000, TEXT_PATTERN)
POLICY_DESCRIPTION = Kind(0, 1000)
VERSION_ID = Kind(1, 64, re.compile(r"v[1-9][0-9]{0,8}"))
KEY_ID = Kind(3, 128)
MARKER = Kind(1, 2200)
TAG_KEY = Kind(1, 128)
TAG_VALUE = Kind(0, 256)
ALIAS = Kind(3, 63, re.compile(r"[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]"))
PROVIDER_URL = Kind(1, 255)
CLIENT_ID = Kind(1, 255)
THUMBPRINT = Kind(40, 40, re.compile("[0-9A-Fa-f]+"))
ACTION_NAME = Kind(3, 128)
CONTEXT_KEY = Kind(5, 256)
STATUSES = ("Active", "Inactive")
LONGEST_SESSION = (3600, 43_200)
"""In seconds, the least and the most."""
MOST_TAGS = 50
