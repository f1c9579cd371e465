"""What S3 promises of versions, written as plainly as possible: the engine is held against this."""

from __future__ import annotations

from dataclasses import dataclass, field

from trug.domain.versioning import Versioning


@dataclass
class Kept:
    """One version in the reference."""

    version_id: str
    content: bytes
    is_marker: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    mode: str = ""
    until: int = 0
    is_held: bool = False

    def is_protected(self, now: int, *, bypass: bool) -> bool:
        """Whether nobody, or nobody who does not bypass governance, may remove it."""
        is_retained = now < self.until and not (bypass and self.mode == "GOVERNANCE")
        return self.is_held or is_retained


class Reference:
    """One bucket: for each key its versions, newest first."""

    def __init__(self) -> None:
        self.versioning = Versioning.OFF
        self.has_lock = False
        self.default = ("", 0)
        self.keys: dict[str, list[Kept]] = {}

    def put(self, key: str, kept: Kept) -> None:
        """``kept.version_id`` is ``null`` unless versioning is on: then it replaces the null version."""
        versions = self.keys.setdefault(key, [])
        if kept.version_id == "null":
            versions[:] = [version for version in versions if version.version_id != "null"]
        versions.insert(0, kept)

    def newest(self, key: str) -> Kept | None:
        """The newest version when it is an object."""
        versions = self.keys.get(key, [])
        return versions[0] if versions and not versions[0].is_marker else None

    def find(self, key: str, version_id: str) -> Kept | None:
        return next((kept for kept in self.keys.get(key, []) if kept.version_id == version_id), None)

    def delete_newest(self, key: str, version_id: str) -> None:
        if self.versioning is Versioning.OFF:
            self.keys.pop(key, None)
        else:
            self.put(key, Kept(version_id, b"", is_marker=True))

    def delete_version(self, key: str, version_id: str) -> None:
        versions = [kept for kept in self.keys.get(key, []) if kept.version_id != version_id]
        self.keys[key] = versions
        if not versions:
            del self.keys[key]

    def objects(self) -> list[str]:
        """The keys that ListObjects shows, in the order of UTF-8 bytes."""
        return sorted((key for key in self.keys if self.newest(key)), key=str.encode)

    def versions(self) -> list[tuple[str, str, bool, bool]]:
        """(key, version id, is a marker, is the latest) as ListObjectVersions shows them."""
        rows = []
        for key in sorted(self.keys, key=str.encode):
            for place, kept in enumerate(self.keys[key]):
                rows.append((key, kept.version_id, kept.is_marker, place == 0))
        return rows


def rolled_up(keys: list[str], prefix: str, delimiter: str) -> list[tuple[str, str]]:
    """(``key`` or ``prefix``, text) as a list with a delimiter shows keys, in order, each prefix once."""
    shown: list[tuple[str, str]] = []
    for key in keys:
        if not key.startswith(prefix):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        row = ("key", key) if cut < 0 else ("prefix", key[: cut + len(delimiter)])
        if row not in shown:
            shown.append(row)
    return shown
