"""trug: an S3-compatible object storage server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trug.app import create_app as create_app

__version__ = "0.1.0"
__all__ = ["__version__", "create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":  # resolved lazily: importing trug imports nothing of the house
        from trug.app import create_app

        return create_app
    raise AttributeError(f"module 'trug' has no attribute {name!r}")
