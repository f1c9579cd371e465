"""The storage classes that objects may be kept in, and which of them rules may take them to."""

from __future__ import annotations

from trug.domain.objects import STANDARD

REDUCED_REDUNDANCY = "REDUCED_REDUNDANCY"
STANDARD_IA = "STANDARD_IA"
INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
ONEZONE_IA = "ONEZONE_IA"
GLACIER_IR = "GLACIER_IR"
GLACIER = "GLACIER"
DEEP_ARCHIVE = "DEEP_ARCHIVE"

WATERFALL = (STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE)
"""The classes of transitions: objects only ever go down ("Unsupported lifecycle transitions")."""
FAVOURED = (STANDARD_IA, ONEZONE_IA, GLACIER_IR, INTELLIGENT_TIERING, GLACIER, DEEP_ARCHIVE)
"""Which of them is chosen where several are due on one day: the last ("How Amazon S3 handles conflicts")."""
KEPT = frozenset({STANDARD, REDUCED_REDUNDANCY, *WATERFALL})
"""Those that an object may be written in."""
DEPTHS = {storage_class: depth for depth, storage_class in enumerate(WATERFALL, start=1)}


def depth_of(storage_class: str) -> int:
    """How far down the waterfall a class is; 0 for where objects come in."""
    return DEPTHS.get(storage_class, 0)


def may_go(from_class: str, to_class: str) -> bool:
    """Whether a rule may take objects of one class to another: downwards, but not from one zone into three."""
    return depth_of(to_class) > depth_of(from_class) and (from_class, to_class) != (ONEZONE_IA, GLACIER_IR)


def favour_of(storage_class: str) -> int:
    return FAVOURED.index(storage_class)
