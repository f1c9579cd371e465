"""Answers with another status than their row's, or with headers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

ENCODER = msgspec.json.Encoder()


def answered(value: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as JSON."""
    return Response(ENCODER.encode(value), status, headers=headers, media_type="application/json")
