"""httpx's own functions, which give up after 5 s: a busy machine needs longer for the first answer of a server."""

from __future__ import annotations

from functools import partial

import httpx
from tests.support.processes import SECONDS

get = partial(httpx.get, timeout=SECONDS)
post = partial(httpx.post, timeout=SECONDS)
put = partial(httpx.put, timeout=SECONDS)
