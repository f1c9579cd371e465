"""How the contract suite plays one scene on every store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from trug.ports.keys import Clock
from trug.ports.stores import BlobKeeper, MetadataStore

Scene = Callable[[MetadataStore], Awaitable[None]]


class Play(Protocol):
    """Opens a new store, plays the scene on it and closes it."""

    def __call__(self, scene: Scene, clock: Clock = ..., blobs: BlobKeeper | None = None) -> None: ...


def on_every_store(scene: Scene) -> Callable[[Play], None]:
    """Make a test of a scene. (Not functools.wraps: pytest would ask for the scene's own arguments.)"""

    def test(play: Play) -> None:
        play(scene)

    test.__name__ = test.__qualname__ = getattr(scene, "__name__", "scene")
    test.__doc__ = scene.__doc__
    return test
